package toolfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"plugin-sdk/hosts/guest"
)

// reserved are the names of the plugins that ToolFS registers before any other.
var reserved = []string{"toolfs-memory", "toolfs-rag"}

// A PluginRegistry keeps plugins by name. Unlike ToolFS's own, it may be used by several
// goroutines.
type PluginRegistry struct {
	mutex   sync.RWMutex
	plugins map[string]ToolFSPlugin
}

// NewPluginRegistry returns a registry without plugins.
func NewPluginRegistry() *PluginRegistry {
	return &PluginRegistry{plugins: make(map[string]ToolFSPlugin)}
}

// Register adds a plugin. It returns ErrDuplicate if there is one of the same name, and ErrReserved
// for a name of ToolFS's own plugins; the registry then stays as it is.
func (r *PluginRegistry) Register(plugin ToolFSPlugin) error {
	name := plugin.Name()
	if slices.Contains(reserved, name) {
		return fmt.Errorf("%s: %w", name, ErrReserved)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, found := r.plugins[name]; found {
		return fmt.Errorf("%s: %w", name, ErrDuplicate)
	}
	r.plugins[name] = plugin
	return nil
}

// Load loads a module from a file, initialises the plugin, and registers it. If one of these
// fails, the registry stays as it is. ToolFS's PluginManager, on a duplicate name, forgets the
// plugin that it had.
func (r *PluginRegistry) Load(ctx context.Context, path string, config map[string]any, options Options) (*Plugin, error) {
	wasm, err := ReadModule(path, options.Limits)
	if err != nil {
		return nil, err
	}
	plugin, err := Load(ctx, wasm, options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// Before the plugin's code runs for nothing.
	if _, err := r.Get(plugin.Name()); err == nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", plugin.Name(), ErrDuplicate), plugin.Close())
	}
	err = plugin.InitContext(ctx, config)
	if err == nil {
		err = r.Register(plugin)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), plugin.Close())
	}
	return plugin, nil
}

// ReadModule reads a module from a file, if it is not larger than the limit.
func ReadModule(path string, limits guest.Limits) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	limit := limits.WithDefaults().ModuleBytes
	wasm, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(wasm) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes: %w", path, limit, guest.ErrTooLarge)
	}
	return wasm, nil
}

// Get returns the plugin of a name, or ErrNotFound.
func (r *PluginRegistry) Get(name string) (ToolFSPlugin, error) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	plugin, found := r.plugins[name]
	if !found {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return plugin, nil
}

// List returns the names in alphabetical order.
func (r *PluginRegistry) List() []string {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	names := make([]string, 0, len(r.plugins))
	for name := range r.plugins {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Unregister removes a plugin, and closes it if it can be closed.
func (r *PluginRegistry) Unregister(name string) error {
	r.mutex.Lock()
	plugin, found := r.plugins[name]
	delete(r.plugins, name)
	r.mutex.Unlock()
	if !found {
		return fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	if closer, ok := plugin.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// ExecutePlugin encodes a request, passes it to the plugin of a name, and decodes the response.
func (r *PluginRegistry) ExecutePlugin(name string, request *PluginRequest) (*PluginResponse, error) {
	plugin, err := r.Get(name)
	if err != nil {
		return nil, err
	}
	input, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	output, err := plugin.Execute(input)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ParseResponse(output)
}

// InitPlugin gives the plugin of a name its configuration.
func (r *PluginRegistry) InitPlugin(name string, config map[string]any) error {
	plugin, err := r.Get(name)
	if err != nil {
		return err
	}
	return plugin.Init(config)
}

// Close unregisters all plugins.
func (r *PluginRegistry) Close() error {
	var all []error
	for _, name := range r.List() {
		all = append(all, r.Unregister(name))
	}
	return errors.Join(all...)
}
