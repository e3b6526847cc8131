package musicfox

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"plugin-sdk/hosts/guest"
)

// ManifestFile is the name of the file that describes a plugin in its folder.
const ManifestFile = "plugin.json"

// maxManifestBytes is the largest plugin.json that is read.
const maxManifestBytes = 1 << 20

// A Manifest is the contents of a plugin.json, without the members that this host does not use.
type Manifest struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Type    string `json:"type"`
	WASM    struct {
		Implementations map[string]Implementation `json:"implementations"`
		Preferred       string                    `json:"preferred"`
		HostFunctions   []string                  `json:"host_functions"`
	} `json:"wasm"`
	Permissions []struct {
		ID          string `json:"id"`
		Description string `json:"description"`
		Required    bool   `json:"required"`
	} `json:"permissions"`
}

// An Implementation is the plugin in one language.
type Implementation struct {
	File        string `json:"file"`
	Runtime     string `json:"runtime"`
	MemoryLimit string `json:"memory_limit"`
	Timeout     string `json:"timeout"`
}

// ReadManifest reads the plugin.json of a folder.
func ReadManifest(root *os.Root) (*Manifest, error) {
	contents, err := readBelow(root, ManifestFile, maxManifestBytes)
	if err != nil {
		return nil, err
	}
	manifest := &Manifest{}
	if err := json.Unmarshal(contents, manifest); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if manifest.ID == "" || manifest.Type != "wasm" {
		return nil, fmt.Errorf("%w: it needs an `id`, and `wasm` as its `type`", ErrManifest)
	}
	return manifest, nil
}

// Implementation returns the preferred implementation: the one that is named, or the only one.
func (m *Manifest) Implementation() (Implementation, error) {
	all := m.WASM.Implementations
	preferred := m.WASM.Preferred
	if preferred == "" && len(all) == 1 {
		for language := range all {
			preferred = language
		}
	}
	implementation, found := all[preferred]
	if !found {
		return Implementation{}, fmt.Errorf("%w: `preferred` is %q, and the implementations are %q",
			ErrManifest, preferred, slices.Sorted(maps.Keys(all)))
	}
	return implementation, nil
}

// apply lowers the limits of a configuration to those that the implementation asks for.
func (i Implementation) apply(config *WASMConfig) error {
	if i.MemoryLimit != "" {
		bytes, err := parseBytes(i.MemoryLimit)
		if err != nil {
			return err
		}
		// At least one page: none would mean the default.
		pages := max(1, min(bytes/65_536, uint64(config.withDefaults().MaxMemoryPages)))
		config.MaxMemoryPages = uint32(pages)
	}
	if i.Timeout != "" {
		timeout, err := time.ParseDuration(i.Timeout)
		if err != nil || timeout <= 0 {
			return fmt.Errorf("%w: the `timeout` %q is no duration such as \"30s\"", ErrManifest, i.Timeout)
		}
		config.Timeout = min(timeout, config.limits().Timeout)
	}
	return nil
}

// parseBytes reads a size such as "30MB".
func parseBytes(text string) (uint64, error) {
	number := strings.TrimRight(text, "KMGBi")
	count, err := strconv.ParseUint(number, 10, 32)
	shift, known := map[string]uint{"": 0, "B": 0, "KB": 10, "MB": 20, "GB": 30, "KiB": 10, "MiB": 20, "GiB": 30}[text[len(number):]]
	if err != nil || !known || count == 0 {
		return 0, fmt.Errorf("%w: the `memory_limit` %q is no size such as \"30MB\"", ErrManifest, text)
	}
	return count << shift, nil
}

// readBelow reads a regular file of a folder, which it cannot leave.
func readBelow(root *os.Root, name string, limit int64) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: %w", name, fs.ErrInvalid)
	}
	contents, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(contents)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes: %w", name, limit, guest.ErrTooLarge)
	}
	return contents, nil
}
