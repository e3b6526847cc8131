// Command musicfox-host runs a plugin for go-musicfox on behalf of another program, which writes
// requests as lines of JSON (package lines):
//
//	{"load": {"module", "config"?, "directory"?, "allowed_hosts"?, "timeout_ms"?, "memory_pages"?, "by_position"?}}
//	{"init": configuration}, {"start": null}, {"stop": null}, {"cleanup": null}
//	{"audio": base64}                     → base64
//	{"event": {"type", "data"}}           data are text
//	{"call": {"name", "text"}}            → the command's result; the text is that of its arguments
//	{"events": null}                      → the events emitted since the plugin was loaded
//	{"log": null}                         → the lines logged since then
//	{"metadata": null}, {"memory": null}, {"subscriptions": null}
//
// Loading replaces the plugin. Imports are linked by name, with the further functions, unless
// by_position is true.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"

	"plugin-sdk/hosts/guest/lines"
	"plugin-sdk/hosts/musicfox"
)

func main() {
	host := &host{cache: wazero.NewCompilationCache()}
	err := lines.Serve(os.Stdin, os.Stdout, lines.Operations{
		"load":          host.load,
		"init":          host.with(host.init),
		"start":         host.with(host.start),
		"stop":          host.with(host.stop),
		"cleanup":       host.with(host.cleanup),
		"audio":         host.with(host.audio),
		"event":         host.with(host.event),
		"call":          host.with(host.call),
		"events":        host.with(host.events),
		"log":           host.with(host.logLines),
		"metadata":      host.with(host.metadata),
		"memory":        host.with(host.memory),
		"subscriptions": host.with(host.subscriptions),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type host struct {
	cache   wazero.CompilationCache
	plugin  *musicfox.WASMRuntime
	emitted []emitted
	lines   []line
}

type emitted struct {
	Type string `json:"type"`
	Data string `json:"data"`
}

type line struct {
	Level   string `json:"level"`
	Message string `json:"message"`
}

var errNoPlugin = errors.New("no plugin is loaded")

// with checks that there is a plugin, and passes its errors on as such.
func (h *host) with(operation func(json.RawMessage) (any, error)) func(json.RawMessage) (any, error) {
	return func(argument json.RawMessage) (any, error) {
		if h.plugin == nil {
			return nil, errNoPlugin
		}
		result, err := operation(argument)
		return result, pluginError(err)
	}
}

type loadRequest struct {
	Module       string         `json:"module"`
	Config       map[string]any `json:"config"`
	Directory    string         `json:"directory"`
	AllowedHosts []string       `json:"allowed_hosts"`
	TimeoutMS    int64          `json:"timeout_ms"`
	MemoryPages  uint32         `json:"memory_pages"`
	ByPosition   bool           `json:"by_position"`
}

func (h *host) load(argument json.RawMessage) (any, error) {
	request, err := lines.Argument[loadRequest](argument)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if h.plugin != nil {
		// A plugin that has trapped, or whose hooks fail, is replaced all the same.
		_ = h.plugin.Close(ctx)
	}
	h.plugin, h.emitted, h.lines = nil, nil, nil
	wasm, err := os.ReadFile(request.Module)
	if err != nil {
		return nil, err
	}
	plugin, err := musicfox.NewWASMRuntime(ctx, wasm, &musicfox.WASMConfig{
		MaxMemoryPages: request.MemoryPages,
		Timeout:        time.Duration(request.TimeoutMS) * time.Millisecond,
		Further:        !request.ByPosition,
		AllowedHosts:   request.AllowedHosts,
		Directory:      request.Directory,
		Logger:         slog.New((*collector)(h)),
		Cache:          h.cache,
	})
	if err != nil {
		return nil, err
	}
	h.plugin = plugin
	plugin.Host().SubscribeAll(func(eventType, data string) {
		h.emitted = append(h.emitted, emitted{Type: eventType, Data: data})
	})
	return plugin.Metadata(), pluginError(plugin.Initialize(ctx, request.Config))
}

func (h *host) init(argument json.RawMessage) (any, error) {
	config, err := lines.Argument[map[string]any](argument)
	if err != nil {
		return nil, err
	}
	return nil, h.plugin.Initialize(context.Background(), config)
}

func (h *host) start(json.RawMessage) (any, error) {
	return nil, h.plugin.Start(context.Background())
}

func (h *host) stop(json.RawMessage) (any, error) {
	return nil, h.plugin.Stop(context.Background())
}

func (h *host) cleanup(json.RawMessage) (any, error) {
	return nil, h.plugin.Cleanup(context.Background())
}

func (h *host) audio(argument json.RawMessage) (any, error) {
	block, err := lines.Argument[[]byte](argument)
	if err != nil {
		return nil, err
	}
	return h.plugin.ProcessAudio(context.Background(), block)
}

func (h *host) event(argument json.RawMessage) (any, error) {
	event, err := lines.Argument[emitted](argument)
	if err != nil {
		return nil, err
	}
	return nil, h.plugin.HandleEvent(context.Background(), event.Type, event.Data)
}

func (h *host) call(argument json.RawMessage) (any, error) {
	call, err := lines.Argument[struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}](argument)
	if err != nil {
		return nil, err
	}
	result, err := h.plugin.CallText(context.Background(), call.Name, call.Text)
	return json.RawMessage(result), err
}

func (h *host) events(json.RawMessage) (any, error) {
	return append([]emitted{}, h.emitted...), nil
}

func (h *host) logLines(json.RawMessage) (any, error) {
	return append([]line{}, h.lines...), nil
}

func (h *host) metadata(json.RawMessage) (any, error) { return h.plugin.Metadata(), nil }

func (h *host) memory(json.RawMessage) (any, error) { return h.plugin.MemoryBytes(), nil }

func (h *host) subscriptions(json.RawMessage) (any, error) {
	return append([]string{}, h.plugin.Host().Subscriptions()...), nil
}

// pluginError passes an error of the plugin on as such.
func pluginError(err error) error {
	var command *musicfox.CommandError
	if errors.As(err, &command) {
		return &lines.PluginError{
			Code: command.Code, Message: command.Message, Details: command.Details, Source: command.Source,
		}
	}
	var status *musicfox.StatusError
	if errors.As(err, &status) {
		return &lines.PluginError{Code: status.Code(), Message: status.Error()}
	}
	return err
}

// A collector keeps the lines of the log.
type collector host

func (c *collector) Enabled(context.Context, slog.Level) bool { return true }

func (c *collector) Handle(_ context.Context, record slog.Record) error {
	text := record.Message
	record.Attrs(func(attribute slog.Attr) bool {
		if attribute.Key == "message" {
			text = attribute.Value.String()
		} else {
			text += " " + attribute.String()
		}
		return true
	})
	c.lines = append(c.lines, line{Level: strings.ToLower(record.Level.String()), Message: text})
	return nil
}

func (c *collector) WithAttrs([]slog.Attr) slog.Handler { return c }

func (c *collector) WithGroup(string) slog.Handler { return c }
