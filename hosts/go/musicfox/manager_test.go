package musicfox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// folder writes a plugin's folder.
func folder(t *testing.T, manifest string) string {
	t.Helper()
	folder := t.TempDir()
	for name, contents := range map[string][]byte{ManifestFile: []byte(manifest), "plugin-rust.wasm": byHand().Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), contents, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const usual = `{"id":"one","name":"One","version":"1.2.0","type":"wasm","api_version":"v2.0.0",
	"wasm":{"implementations":{"rust":{"file":"plugin-rust.wasm","runtime":"wasmtime","memory_limit":"20MB","timeout":"5s"},
	"c":{"file":"plugin-c.wasm"}},"preferred":"rust"}}`

func TestAManagerKeepsPluginsById(t *testing.T) {
	ctx := t.Context()
	manager := NewManager(WASMConfig{})
	plugin, err := manager.Load(ctx, folder(t, usual), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !plugin.Running() || plugin.config.MaxMemoryPages != 320 || plugin.config.Timeout != 5*time.Second {
		t.Errorf("got %+v", plugin.config)
	}
	if _, err := manager.Load(ctx, folder(t, usual), nil); !errors.Is(err, ErrDuplicate) {
		t.Errorf("got %v", err)
	}
	if _, err := manager.Load(ctx, folder(t, strings.Replace(usual, `"one"`, `"two"`, 1)), nil); err != nil {
		t.Error(err)
	}
	if got := manager.List(); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got %q", got)
	}
	if err := manager.Publish(ctx, "track.changed", `{"id":3}`); err != nil {
		t.Error(err)
	}
	if err := manager.Unload(ctx, "one"); err != nil {
		t.Error(err)
	}
	if _, err := manager.Get("one"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := manager.Close(ctx); err != nil || len(manager.List()) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestManifestsThatCannotBeUsedAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		old, new string
		want     error
	}{
		"no JSON":                  {usual, "{", ErrManifest},
		"no id":                    {`"id":"one"`, `"id":""`, ErrManifest},
		"another type":             {`"type":"wasm"`, `"type":"rpc"`, ErrManifest},
		"no preferred":             {`,"preferred":"rust"`, ``, ErrManifest},
		"an unknown preferred":     {`"preferred":"rust"`, `"preferred":"go"`, ErrManifest},
		"a missing file":           {`"preferred":"rust"`, `"preferred":"c"`, fs.ErrNotExist},
		"memory without a unit":    {"20MB", "20XB", ErrManifest},
		"no memory":                {"20MB", "0MB", ErrManifest},
		"less memory than a page":  {"20MB", "1KB", nil},
		"no duration":              {"5s", "5", ErrManifest},
		"a negative duration":      {"5s", "-5s", ErrManifest},
		"a file that is a folder":  {"plugin-rust.wasm", ".", fs.ErrInvalid},
		"more memory than allowed": {"20MB", "4GB", nil},
		"more time than allowed":   {"5s", "5h", nil},
	} {
		t.Run(name, func(t *testing.T) {
			manifest := strings.Replace(usual, test.old, test.new, 1)
			manager := NewManager(WASMConfig{})
			plugin, err := manager.Load(t.Context(), folder(t, manifest), nil)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if plugin != nil && (plugin.config.MaxMemoryPages > 480 || test.new == "1KB" && plugin.config.MaxMemoryPages != 1 || plugin.config.Timeout > 30*time.Second) {
				t.Errorf("got %+v", plugin.config)
			}
			if err := manager.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	manifest := strings.Replace(usual, "plugin-rust.wasm", "../plugin-rust.wasm", 1)
	if _, err := NewManager(WASMConfig{}).Load(t.Context(), folder(t, manifest), nil); err == nil {
		t.Error("a file outside the folder was loaded")
	}
}
