package toolfs

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"plugin-sdk/hosts/guest"
)

// Options are the limits and grants of a plugin.
type Options struct {
	// Limits bound the plugin. Their defaults for time and memory are ToolFS's: 30 seconds for each
	// call, and 64 MiB.
	Limits guest.Limits
	// Files are the files that the plugin sees; none if it is nil. A *Mounts grants folders.
	Files FileSystem
	// Cache keeps compiled modules, for programs that load a module more than once.
	Cache wazero.CompilationCache
}

// A Plugin is a ToolFSPlugin in a WebAssembly module. It may be used by several goroutines, whose
// calls run one after another.
//
// A call that takes too long is ended, unlike in ToolFS's own sandbox, where it continues in the
// background. After a timeout or a trap the plugin is dead, and every further call returns
// guest.ErrDead.
type Plugin struct {
	name, version string

	mutex       sync.Mutex
	instance    *guest.Instance
	initialized bool
}

var _ ToolFSPlugin = (*Plugin)(nil)

var (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64

	allocator = guest.Allocator{Alloc: "alloc", Free: "free", Sized: true}

	exports = []guest.Function{
		{Name: "PluginInstance", Results: []api.ValueType{i32}},
		{Name: "name", Results: []api.ValueType{i64}},
		{Name: "version", Results: []api.ValueType{i64}},
		{Name: "init", Params: []api.ValueType{i32, i32}, Results: []api.ValueType{i64}},
		{Name: "execute", Params: []api.ValueType{i32, i32}, Results: []api.ValueType{i64}},
		{Name: "alloc", Params: []api.ValueType{i32}, Results: []api.ValueType{i32}},
		{Name: "free", Params: []api.ValueType{i32, i32}},
	}
)

// Load makes a plugin of a module, and asks it for its name and version. Call Init before Execute,
// and Close when the plugin is no longer needed.
//
// It returns the errors of guest.New, ErrContract, and what guest.Instance.Call returns.
func Load(ctx context.Context, wasm []byte, options Options) (*Plugin, error) {
	files := options.Files
	if files == nil {
		files = NewMounts()
	}
	instance, err := guest.New(ctx, wasm, guest.Options{
		Limits:  options.Limits,
		Cache:   options.Cache,
		Exports: exports,
		Bind:    hostFunctions{files: files, limits: options.Limits.WithDefaults()}.bind,
	})
	if err != nil {
		return nil, err
	}
	plugin := &Plugin{instance: instance}
	if err := plugin.introduce(ctx); err != nil {
		_ = instance.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return plugin, nil
}

// introduce makes the calls that precede all others.
func (p *Plugin) introduce(ctx context.Context) error {
	ctx, cancel := p.instance.Begin(ctx)
	defer cancel()
	there, err := p.instance.Call(ctx, "PluginInstance")
	switch {
	case err != nil:
		return err
	case there == 0:
		return fmt.Errorf("%w: PluginInstance returned 0: there is no instance of the plugin", ErrContract)
	case there != 1:
		return fmt.Errorf("%w: PluginInstance returned %d instead of 0 or 1", ErrContract, there)
	}
	if p.name, err = p.text(ctx, "name"); err != nil {
		return err
	}
	if p.name == "" {
		return fmt.Errorf("%w: the plugin has no name", ErrContract)
	}
	p.version, err = p.text(ctx, "version")
	return err
}

func (p *Plugin) text(ctx context.Context, export string) (string, error) {
	packed, err := p.instance.Call(ctx, export)
	if err != nil {
		return "", err
	}
	if _, length := guest.Unpack(packed); length > maxName {
		return "", fmt.Errorf("%w: %s has more than %d bytes", ErrContract, export, maxName)
	}
	text, err := p.instance.ReadPacked(packed)
	if err != nil {
		return "", fmt.Errorf("%s: %w", export, err)
	}
	if !utf8.Valid(text) {
		return "", fmt.Errorf("%w: %s is not UTF-8", ErrContract, export)
	}
	return guest.Printable(string(text), maxName), nil
}

// Name returns the plugin's name.
func (p *Plugin) Name() string { return p.name }

// Version returns the plugin's version.
func (p *Plugin) Version() string { return p.version }

// Init is InitContext without a context.
func (p *Plugin) Init(config map[string]any) error {
	return p.InitContext(context.Background(), config)
}

// InitContext gives the plugin its configuration; nil is an empty one. It may be called again: the
// plugin then starts anew, or keeps its state if it refuses the configuration.
//
// An *OperationError is the plugin's own. Other errors are those of Execute.
func (p *Plugin) InitContext(ctx context.Context, config map[string]any) error {
	if config == nil {
		config = map[string]any{}
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	output, err := p.call(ctx, "init", encoded)
	if err != nil {
		return err
	}
	if output == nil {
		p.initialized = true
		return nil
	}
	response, err := ParseResponse(output)
	if err != nil {
		return err
	}
	if response.Success {
		return fmt.Errorf("%w: init returned a success instead of 0", ErrContract)
	}
	return newOperationError(response)
}

// Execute is ExecuteContext without a context.
func (p *Plugin) Execute(input []byte) ([]byte, error) {
	return p.ExecuteContext(context.Background(), input)
}

// ExecuteContext passes a request to the plugin and returns its response, both in JSON. The
// operation's own failure is such a response, and no error.
//
// It returns ErrNotInitialized, ErrResponse, guest.ErrTooLarge for an input or output beyond the
// limits, guest.ErrBounds for a response outside the plugin's memory, guest.ErrTimeout, a
// *guest.Trap, and guest.ErrDead after one of these two.
func (p *Plugin) ExecuteContext(ctx context.Context, input []byte) ([]byte, error) {
	output, _, err := p.execute(ctx, input)
	return output, err
}

// execute does the same, and returns the decoded response too.
func (p *Plugin) execute(ctx context.Context, input []byte) ([]byte, *PluginResponse, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.initialized && p.instance.Err() == nil {
		return nil, nil, ErrNotInitialized
	}
	output, err := p.call(ctx, "execute", input)
	if err != nil {
		return nil, nil, err
	}
	if output == nil {
		return nil, nil, fmt.Errorf("%w: execute returned 0 instead of a response", ErrContract)
	}
	response, err := ParseResponse(output)
	if err != nil {
		return nil, nil, err
	}
	return output, response, nil
}

// Run encodes a request, passes it to the plugin, and decodes the result into the value that target
// points to.
//
// An *OperationError is the plugin's own. Other errors are those of ExecuteContext.
func (p *Plugin) Run(ctx context.Context, request PluginRequest, target any) error {
	input, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	_, response, err := p.execute(ctx, input)
	if err != nil {
		return err
	}
	return response.Decode(target)
}

// call lends some bytes to an export, and returns the bytes of its packed result; nil for 0.
func (p *Plugin) call(ctx context.Context, export string, input []byte) ([]byte, error) {
	ctx, cancel := p.instance.Begin(ctx)
	defer cancel()
	block, err := p.instance.Put(ctx, allocator, input)
	if err != nil {
		return nil, err
	}
	packed, err := p.instance.Call(ctx, export, uint64(block.Address), uint64(block.Length))
	if err != nil {
		return nil, err
	}
	// The result is copied first: it may be in the block.
	var output []byte
	if packed != 0 {
		if output, err = p.instance.ReadPacked(packed); err != nil {
			err = fmt.Errorf("%s: %w", export, err)
		}
	}
	if freed := p.instance.Release(ctx, allocator, block); err == nil && freed != nil {
		err = freed
	}
	return output, err
}

// MemoryBytes returns the size of the plugin's memory.
func (p *Plugin) MemoryBytes() uint32 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.instance.Memory().Size()
}

// Close releases the plugin. ToolFS itself ends a plugin without a call, and so does Close.
func (p *Plugin) Close() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.instance.Close(context.Background())
}
