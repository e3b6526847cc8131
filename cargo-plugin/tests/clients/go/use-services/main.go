// Gives the plugin services all services, and checks what the plugin gets from each. And a time limit.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"time"

	"clients/services"
	"clients/typed"
)

// host has all services.
type host struct {
	files  map[string][]byte
	events []string
	plugin *services.Services
}

func (*host) Now() time.Time           { return time.Unix(1_234_567_890, 123_456_789) }
func (*host) Monotonic() time.Duration { return 42 }

func (h *host) Emit(_ context.Context, topic string, data any) error {
	h.events = append(h.events, fmt.Sprint("emit ", topic, " ", data))
	return nil
}

// Subscribe calls the plugin that is calling it, which must fail.
func (h *host) Subscribe(ctx context.Context, pattern string) error {
	if _, err := h.plugin.Heard(ctx); !errors.Is(err, services.CodeBusy) {
		return fmt.Errorf("expected the plugin to be busy: %w", err)
	}
	h.events = append(h.events, "subscribe "+pattern)
	return nil
}

func (h *host) Unsubscribe(_ context.Context, pattern string) error {
	h.events = append(h.events, "unsubscribe "+pattern)
	return nil
}

func (h *host) Read(_ context.Context, path string) ([]byte, error) {
	contents, found := h.files[path]
	if !found {
		return nil, &services.PluginError{Code: services.CodeNotFound, Message: "no file " + path}
	}
	return contents, nil
}

func (h *host) Write(_ context.Context, path string, contents []byte) error {
	h.files[path] = contents
	return nil
}

func (h *host) Remove(_ context.Context, path string) error {
	delete(h.files, path)
	return nil
}

func (h *host) List(context.Context, string) ([]services.FileEntry, error) {
	var entries []services.FileEntry
	for path, contents := range h.files {
		entries = append(entries, services.FileEntry{Name: path, Bytes: uint64(len(contents))})
	}
	return entries, nil
}

func send(_ context.Context, request services.HTTPRequest) (services.HTTPResponse, error) {
	if request.TimeoutMS != nil {
		return services.HTTPResponse{}, errors.New("no network")
	}
	body := request.Method + " " + request.URL + " " + string(request.Body)
	return services.HTTPResponse{Status: 418, Body: []byte(body)}, nil
}

func chat(_ context.Context, conversation any) (any, error) {
	messages := conversation.(map[string]any)["messages"].([]any)
	content := messages[0].(map[string]any)["content"].(string)
	return map[string]string{"content": content + "!", "model": "echo"}, nil
}

var ctx = context.Background()

// A code among the expected results is an error.
type code = services.ErrorCode

func expect(plugin *services.Services, call services.Do, expected any) {
	result, err := plugin.One(ctx, services.OneArguments{Call: call})
	if expected, isCode := expected.(code); isCode {
		if !errors.Is(err, expected) {
			log.Fatalf("%#v: %v, %v", call, result, err)
		}
		return
	}
	if err != nil || !reflect.DeepEqual(result, expected) {
		log.Fatalf("%#v: %#v, %v", call, result, err)
	}
}

func main() {
	wasm, err := os.ReadFile("services.wasm")
	if err != nil {
		log.Fatal(err)
	}
	host := &host{files: make(map[string][]byte)}
	lines := &services.MemoryLog{Max: services.LogDebug}
	plugin, err := services.Load(ctx, wasm, services.Options{
		Log: lines, KV: &services.MemoryStore{}, Events: host, Clock: host, Files: host, HTTP: send, AI: chat,
		Settings: map[string]any{"unit": "km"}, Random: bytes.NewReader(make([]byte, 1024)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer plugin.Close(ctx)
	host.plugin = plugin
	number := json.Number("18446744073709551615")
	expect(plugin, services.DoKvGet{Value: "a"}, nil)
	expect(plugin, services.DoKvSet{Value: services.Tuple2[string, any]{V1: "a", V2: number}}, nil)
	expect(plugin, services.DoKvSet{Value: services.Tuple2[string, any]{V1: "ab", V2: "é"}}, nil)
	expect(plugin, services.DoKvGet{Value: "a"}, number)
	expect(plugin, services.DoKvList{Value: "a"}, []any{"a", "ab"})
	expect(plugin, services.DoKvDelete{Value: "a"}, true)
	expect(plugin, services.DoKvDelete{Value: "a"}, false)
	expect(plugin, services.DoHttp{Value: services.Tuple3[string, string, string]{V1: "PUT", V2: "http://a/", V3: "x"}}, []any{json.Number("418"), "PUT http://a/ x"})
	expect(plugin, services.DoHttpWithin{Value: services.Tuple2[string, uint64]{V1: "http://a/", V2: 5}}, services.CodeUnavailable)
	expect(plugin, services.DoEmit{Value: services.Tuple2[string, any]{V1: "a.b", V2: number}}, nil)
	expect(plugin, services.DoSubscribe{Value: "a.*"}, nil)
	expect(plugin, services.DoUnsubscribe{Value: "a.*"}, nil)
	expect(plugin, services.DoRead{Value: "f"}, services.CodeNotFound)
	expect(plugin, services.DoWrite{Value: services.Tuple2[string, string]{V1: "f", V2: "text"}}, nil)
	expect(plugin, services.DoRead{Value: "f"}, "text")
	expect(plugin, services.DoList{Value: ""}, []any{"f"})
	expect(plugin, services.DoRemove{Value: "f"}, nil)
	expect(plugin, services.DoChat{Value: "hello"}, "hello!")
	expect(plugin, services.DoConfig{Value: "unit"}, "km")
	expect(plugin, services.DoConfig{Value: "none"}, nil)
	expect(plugin, services.DoLog{Value: "a line"}, nil)
	expect(plugin, services.DoNow{}, json.Number("1234567890123456789"))
	expect(plugin, services.DoMonotonic{}, json.Number("42"))
	expect(plugin, services.DoRandom{}, json.Number("0"))
	if events := fmt.Sprint(host.events); events != "[emit a.b 18446744073709551615 subscribe a.* unsubscribe a.*]" {
		log.Fatal(events)
	}
	if len(lines.Lines) != 1 || lines.Lines[0].Message != "a line" || lines.Lines[0].Level != services.LogInfo {
		log.Fatal(lines.Lines)
	}

	bare, err := services.Load(ctx, wasm, services.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer bare.Close(ctx)
	for _, call := range []services.Do{
		services.DoKvGet{Value: "a"}, services.DoEmit{}, services.DoRead{Value: "f"}, services.DoChat{Value: ""},
		services.DoHttp{Value: services.Tuple3[string, string, string]{V1: "GET", V2: "http://a/", V3: ""}},
	} {
		expect(bare, call, services.CodePermissionDenied)
	}
	expect(bare, services.DoLog{Value: "a line"}, nil)
	if result, err := bare.One(ctx, services.OneArguments{Call: services.DoNow{}}); err != nil {
		log.Fatal(result, err)
	}
	limitTime()
}

func limitTime() {
	wasm, err := os.ReadFile("typed.wasm")
	if err != nil {
		log.Fatal(err)
	}
	plugin, err := typed.Load(ctx, wasm, typed.Options{Limits: typed.Limits{Timeout: 300 * time.Millisecond}})
	if err != nil {
		log.Fatal(err)
	}
	if err := plugin.Spin(ctx); !errors.Is(err, typed.CodeTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		log.Fatal(err)
	}
	// The context of a call ends it too, and an ended one begins no call.
	plugin, err = typed.Load(ctx, wasm, typed.Options{})
	if err != nil {
		log.Fatal(err)
	}
	within, cancel := context.WithCancel(ctx)
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := plugin.Spin(within); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
	if err := plugin.Spin(within); !errors.Is(err, typed.CodePoisoned) {
		log.Fatal(err)
	}
}
