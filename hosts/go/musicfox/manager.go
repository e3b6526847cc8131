package musicfox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"plugin-sdk/hosts/guest"
)

// A Manager keeps the plugins of a player, by the id in their plugin.json. It may be used by
// several goroutines.
type Manager struct {
	config  WASMConfig
	mutex   sync.Mutex
	plugins map[string]*WASMRuntime
}

// NewManager returns a manager without plugins. A plugin gets the limits of the configuration, or
// those that its plugin.json asks for if they are lower.
func NewManager(config WASMConfig) *Manager {
	return &Manager{config: config, plugins: make(map[string]*WASMRuntime)}
}

// Load loads the plugin of a folder, initialises and starts it. If one of these fails, the manager
// stays as it is.
func (m *Manager) Load(ctx context.Context, folder string, config map[string]any) (*WASMRuntime, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	manifest, err := ReadManifest(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	plugin, err := m.load(ctx, root, manifest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifest.ID, err)
	}
	if err = plugin.Initialize(ctx, config); err == nil {
		err = plugin.Start(ctx)
	}
	if err == nil {
		err = m.add(manifest.ID, plugin)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", manifest.ID, err), plugin.Close(ctx))
	}
	return plugin, nil
}

func (m *Manager) load(ctx context.Context, root *os.Root, manifest *Manifest) (*WASMRuntime, error) {
	if _, err := m.Get(manifest.ID); err == nil {
		return nil, ErrDuplicate
	}
	implementation, err := manifest.Implementation()
	if err != nil {
		return nil, err
	}
	config := m.config
	if err := implementation.apply(&config); err != nil {
		return nil, err
	}
	wasm, err := readBelow(root, implementation.File, int64(config.limits().ModuleBytes))
	if err != nil {
		return nil, err
	}
	return NewWASMRuntime(ctx, wasm, &config)
}

func (m *Manager) add(id string, plugin *WASMRuntime) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if _, found := m.plugins[id]; found {
		return ErrDuplicate
	}
	m.plugins[id] = plugin
	return nil
}

// Get returns the plugin of an id, or ErrNotFound.
func (m *Manager) Get(id string) (*WASMRuntime, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	plugin, found := m.plugins[id]
	if !found {
		return nil, fmt.Errorf("%s: %w", guest.Printable(id, maxShown), ErrNotFound)
	}
	return plugin, nil
}

// List returns the ids in alphabetical order.
func (m *Manager) List() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	ids := make([]string, 0, len(m.plugins))
	for id := range m.plugins {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Publish passes an event to every plugin that takes events: to those that have subscribed to some
// events only if this is one of them. It returns the errors of all plugins together.
func (m *Manager) Publish(ctx context.Context, eventType, data string) error {
	var all []error
	for _, id := range m.List() {
		plugin, err := m.Get(id)
		if err != nil {
			// It has been unloaded in the meantime.
			continue
		}
		wanted := plugin.Host().Subscriptions()
		if len(wanted) > 0 && !slices.Contains(wanted, eventType) {
			continue
		}
		if err := plugin.HandleEvent(ctx, eventType, data); err != nil && !errors.Is(err, ErrUnsupported) {
			all = append(all, fmt.Errorf("%s: %w", id, err))
		}
	}
	return errors.Join(all...)
}

// Unload removes a plugin and closes it.
func (m *Manager) Unload(ctx context.Context, id string) error {
	m.mutex.Lock()
	plugin, found := m.plugins[id]
	delete(m.plugins, id)
	m.mutex.Unlock()
	if !found {
		return fmt.Errorf("%s: %w", guest.Printable(id, maxShown), ErrNotFound)
	}
	return plugin.Close(ctx)
}

// Close unloads all plugins.
func (m *Manager) Close(ctx context.Context) error {
	var all []error
	for _, id := range m.List() {
		all = append(all, m.Unload(ctx, id))
	}
	return errors.Join(all...)
}
