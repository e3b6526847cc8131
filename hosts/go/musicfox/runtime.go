package musicfox

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// A WASMRuntime is one plugin. It may be used by several goroutines, whose calls run one after
// another: the guide processes audio under a read lock, so that two calls enter an instance that
// serves one.
//
// After a timeout or a trap the plugin is dead, and every further call returns guest.ErrDead.
type WASMRuntime struct {
	host     *HostInterface
	config   WASMConfig
	metadata Metadata

	mutex       sync.Mutex
	instance    *guest.Instance
	allocator   guest.Allocator
	initialized bool
	running     bool
	// turn collects what the plugin emits and logs during the present call.
	turn turn
}

// Metadata are a plugin's own description.
type Metadata struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Description string   `json:"description"`
	Author      string   `json:"author"`
	Tags        []string `json:"tags"`
}

var (
	i32  = api.ValueTypeI32
	pair = []api.ValueType{i32, i32}
	one  = []api.ValueType{i32}

	// The ten exports of the guide without free, of which it has two forms. Its host requires
	// eight, and binds neither handle_event nor get_version, so that no event ever reaches a
	// plugin.
	exports = []guest.Function{
		{Name: "initialize", Params: pair, Results: one},
		{Name: "start", Results: one},
		{Name: "stop", Results: one},
		{Name: "cleanup", Results: one},
		{Name: "process_audio", Params: []api.ValueType{i32, i32, i32}, Results: one},
		{Name: "get_metadata", Results: one},
		{Name: "malloc", Params: one, Results: one},
		{Name: "handle_event", Params: pair, Results: one, Optional: true},
		{Name: "get_version", Results: one, Optional: true},
	}
)

// maxMetadata is the longest text of get_metadata and get_version, in bytes.
const maxMetadata = 64 << 10

// NewWASMRuntime makes a plugin of a module, and reads its metadata. Call Close when the plugin is
// no longer needed.
//
// It returns the errors of guest.New, ErrContract, and what guest.Instance.Call returns.
func NewWASMRuntime(ctx context.Context, wasmBytes []byte, config *WASMConfig) (*WASMRuntime, error) {
	if config == nil {
		config = &WASMConfig{}
	}
	runtime := &WASMRuntime{config: config.withDefaults()}
	host, err := newHostInterface(runtime.config)
	if err != nil {
		return nil, err
	}
	runtime.host = host
	runtime.instance, err = guest.New(ctx, wasmBytes, guest.Options{
		Limits:  runtime.config.limits(),
		Cache:   config.Cache,
		Exports: exports,
		Bind:    runtime.bind,
	})
	if err != nil {
		_ = host.close()
		return nil, err
	}
	if err := runtime.introduce(ctx); err != nil {
		_ = runtime.instance.Close(context.WithoutCancel(ctx))
		_ = host.close()
		return nil, err
	}
	return runtime, nil
}

func (r *WASMRuntime) introduce(ctx context.Context) error {
	r.allocator = guest.Allocator{Alloc: "malloc", Free: "free"}
	// The guide's Rust sample has free(ptr, size), which its host calls with one argument.
	free, found := r.instance.Export("free")
	switch {
	case found && free.Fits(guest.Function{Params: one}):
	case found && free.Fits(guest.Function{Params: pair}):
		r.allocator.Sized = true
	default:
		return fmt.Errorf("free (i32): %w", guest.ErrExport)
	}
	ctx, cancel := r.instance.Begin(ctx)
	defer cancel()
	// The guide binds get_metadata and never calls it.
	text, err := r.constantText(ctx, "get_metadata")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.metadata); err != nil {
		return fmt.Errorf("%w: get_metadata: %w", ErrContract, err)
	}
	if r.metadata.ID == "" || r.metadata.Name == "" || r.metadata.Version == "" {
		return fmt.Errorf("%w: get_metadata has no id, no name, or no version", ErrContract)
	}
	if _, found := r.instance.Export("get_version"); found {
		version, err := r.constantText(ctx, "get_version")
		if err != nil {
			return err
		}
		if string(version) != r.metadata.Version {
			return fmt.Errorf("%w: get_version returned %q, and get_metadata %q", ErrContract,
				guest.Printable(string(version), maxShown), guest.Printable(r.metadata.Version, maxShown))
		}
	}
	return nil
}

// maxShown is the longest text of a plugin within an error, in bytes.
const maxShown = 200

// constantText reads a text of the plugin that ends with a zero byte, as those of the guide's C and
// Rust samples do. The text of its Go sample has no end.
func (r *WASMRuntime) constantText(ctx context.Context, export string) ([]byte, error) {
	address, err := r.instance.Call(ctx, export)
	if err != nil {
		return nil, err
	}
	text, err := guest.ReadTerminated(r.instance.Memory(), api.DecodeU32(address), maxMetadata)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", export, err)
	}
	return text, nil
}

// Metadata returns the plugin's own description.
func (r *WASMRuntime) Metadata() Metadata { return r.metadata }

// Host returns the functions that the plugin's host offers, to change settings and to subscribe to
// the plugin's events.
func (r *WASMRuntime) Host() *HostInterface { return r.host }

// Initialize gives the plugin its configuration; nil is an empty one. (The guide encodes it as
// null.) It may be called again while the plugin does not run.
//
// The members of the configuration become the settings that the plugin reads by host_get_config:
// strings as they are, and other values as JSON. The guide's settings have nothing to do with its
// configuration, and no part of its code sets them.
func (r *WASMRuntime) Initialize(ctx context.Context, config map[string]any) error {
	if config == nil {
		config = map[string]any{}
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	return r.operation(ctx, func(ctx context.Context) error {
		if r.running {
			return ErrRunning
		}
		if err := r.host.replaceConfig(config); err != nil {
			return err
		}
		err := r.pass(ctx, "initialize", encoded)
		r.initialized = r.initialized || err == nil
		return err
	})
}

// Start starts the plugin.
func (r *WASMRuntime) Start(ctx context.Context) error {
	return r.operation(ctx, func(ctx context.Context) error {
		if r.running {
			return ErrRunning
		}
		if err := r.ready(); err != nil {
			return err
		}
		err := r.status(ctx, "start")
		r.running = err == nil
		return err
	})
}

// Stop stops the plugin. One that does not run is left alone.
func (r *WASMRuntime) Stop(ctx context.Context) error {
	return r.operation(ctx, r.stop)
}

func (r *WASMRuntime) stop(ctx context.Context) error {
	if !r.running {
		return nil
	}
	if err := r.status(ctx, "stop"); err != nil {
		return err
	}
	r.running = false
	return nil
}

// Cleanup stops the plugin if it runs, and ends its life. It may then be initialised again.
func (r *WASMRuntime) Cleanup(ctx context.Context) error {
	return r.operation(ctx, r.cleanup)
}

func (r *WASMRuntime) cleanup(ctx context.Context) error {
	if err := r.stop(ctx); err != nil {
		return err
	}
	r.running, r.initialized = false, false
	return r.status(ctx, "cleanup")
}

// Close stops and cleans up the plugin if it is alive, and releases it. It returns the error of the
// plugin's last words; the plugin is released in any case.
//
// The guide's Close locks a mutex and calls Stop, which locks it again: it waits for itself.
func (r *WASMRuntime) Close(ctx context.Context) error {
	var last error
	if r.Err() == nil {
		last = r.Cleanup(ctx)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.instance.Close(context.WithoutCancel(ctx)); last == nil {
		last = err
	}
	if err := r.host.close(); last == nil {
		last = err
	}
	return last
}

// Err returns the reason for which the plugin takes no calls, or nil.
func (r *WASMRuntime) Err() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.instance.Err()
}

// Running reports whether the plugin is started.
func (r *WASMRuntime) Running() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.running
}

// MemoryBytes returns the size of the plugin's memory.
func (r *WASMRuntime) MemoryBytes() uint32 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.instance.Memory().Size()
}

// operation runs calls of the plugin under the lock and the timeout, and then delivers the events
// that the plugin emitted, without the lock.
func (r *WASMRuntime) operation(ctx context.Context, calls func(context.Context) error) error {
	events, err := func() ([]event, error) {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.turn = turn{}
		limited, cancel := r.instance.Begin(ctx)
		defer cancel()
		err := calls(limited)
		return r.turn.events, err
	}()
	r.host.deliver(events)
	return err
}

// ready returns an error if the plugin cannot take a call.
func (r *WASMRuntime) ready() error {
	if err := r.instance.Err(); err != nil {
		return err
	}
	if !r.initialized {
		return ErrNotInitialized
	}
	return nil
}

// status calls an export that returns 0 or the number of an error. The guide asserts that the
// result is an int32, and panics if a plugin has another type; types are checked by guest.New.
func (r *WASMRuntime) status(ctx context.Context, export string, params ...uint64) error {
	result, err := r.instance.Call(ctx, export, params...)
	if err != nil {
		return err
	}
	return r.checkStatus(export, api.DecodeI32(result))
}

func (r *WASMRuntime) checkStatus(export string, status int32) error {
	if status != 0 {
		return &StatusError{Export: export, Status: status, Line: r.turn.errorLine}
	}
	return nil
}

// pass lends some bytes to an export that returns 0 or the number of an error.
func (r *WASMRuntime) pass(ctx context.Context, export string, contents []byte) error {
	block, err := r.instance.Put(ctx, r.allocator, contents)
	if err != nil {
		return err
	}
	return r.freeing(ctx, r.status(ctx, export, uint64(block.Address), uint64(block.Length)), block)
}

// freeing frees blocks after a call that may have failed, and returns the first error. The guide
// frees blocks of an instance that has trapped, and ignores what that returns.
func (r *WASMRuntime) freeing(ctx context.Context, err error, blocks ...guest.Block) error {
	for _, block := range blocks {
		if freed := r.instance.Release(ctx, r.allocator, block); err == nil {
			err = freed
		}
	}
	return err
}
