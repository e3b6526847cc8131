// Command toolfs-host runs a plugin for ToolFS on behalf of another program, which writes requests
// as lines of JSON (package lines):
//
//	{"load": {"module", "config"?, "mounts"?, "timeout_ms"?, "memory_pages"?}}   → {"name", "version"}
//	{"init": configuration}
//	{"execute": a request of ToolFS, or a string with its text}                  → its response
//	{"memory": null}                                                             → bytes
//
// Each mount is {"point", "folder", "read_only"}. Loading replaces the plugin.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tetratelabs/wazero"

	"plugin-sdk/hosts/guest"
	"plugin-sdk/hosts/guest/lines"
	"plugin-sdk/hosts/toolfs"
)

func main() {
	host := &host{cache: wazero.NewCompilationCache()}
	err := lines.Serve(os.Stdin, os.Stdout, lines.Operations{
		"load":    host.load,
		"init":    host.init,
		"execute": host.execute,
		"memory":  host.memory,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type host struct {
	cache  wazero.CompilationCache
	plugin *toolfs.Plugin
	mounts *toolfs.Mounts
}

type loadRequest struct {
	Module string         `json:"module"`
	Config map[string]any `json:"config"`
	Mounts []struct {
		Point    string `json:"point"`
		Folder   string `json:"folder"`
		ReadOnly bool   `json:"read_only"`
	} `json:"mounts"`
	TimeoutMS   int64  `json:"timeout_ms"`
	MemoryPages uint32 `json:"memory_pages"`
}

func (h *host) load(argument json.RawMessage) (any, error) {
	request, err := lines.Argument[loadRequest](argument)
	if err != nil {
		return nil, err
	}
	if err := h.unload(); err != nil {
		return nil, err
	}
	limits := guest.Limits{
		MemoryPages: request.MemoryPages,
		Timeout:     time.Duration(request.TimeoutMS) * time.Millisecond,
	}
	wasm, err := toolfs.ReadModule(request.Module, limits)
	if err != nil {
		return nil, err
	}
	h.mounts = toolfs.NewMounts()
	for _, mount := range request.Mounts {
		if err := h.mounts.MountLocal(mount.Point, mount.Folder, mount.ReadOnly); err != nil {
			return nil, err
		}
	}
	plugin, err := toolfs.Load(context.Background(), wasm, toolfs.Options{
		Limits: limits,
		Files:  h.mounts,
		Cache:  h.cache,
	})
	if err != nil {
		return nil, err
	}
	h.plugin = plugin
	if err := h.plugin.Init(request.Config); err != nil {
		return nil, pluginError(err)
	}
	return map[string]string{"name": plugin.Name(), "version": plugin.Version()}, nil
}

func (h *host) unload() error {
	var all []error
	if h.plugin != nil {
		all = append(all, h.plugin.Close())
	}
	if h.mounts != nil {
		all = append(all, h.mounts.Close())
	}
	h.plugin, h.mounts = nil, nil
	return errors.Join(all...)
}

var errNoPlugin = errors.New("no plugin is loaded")

func (h *host) init(argument json.RawMessage) (any, error) {
	config, err := lines.Argument[map[string]any](argument)
	switch {
	case err != nil:
		return nil, err
	case h.plugin == nil:
		return nil, errNoPlugin
	}
	return nil, pluginError(h.plugin.Init(config))
}

func (h *host) execute(argument json.RawMessage) (any, error) {
	if h.plugin == nil {
		return nil, errNoPlugin
	}
	input := []byte(argument)
	if text := ""; json.Unmarshal(argument, &text) == nil {
		input = []byte(text)
	}
	response, err := h.plugin.Execute(input)
	return json.RawMessage(response), err
}

func (h *host) memory(json.RawMessage) (any, error) {
	if h.plugin == nil {
		return nil, errNoPlugin
	}
	return h.plugin.MemoryBytes(), nil
}

// pluginError passes an error of the plugin on as such.
func pluginError(err error) error {
	var refused *toolfs.OperationError
	if errors.As(err, &refused) {
		return &lines.PluginError{
			Code: refused.Code, Message: refused.Message,
			Details: refused.Details, Source: refused.Source,
		}
	}
	return err
}
