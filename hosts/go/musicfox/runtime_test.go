package musicfox

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plugin-sdk/hosts/guest"
	"plugin-sdk/hosts/guest/guesttest"
)

const (
	metadataAt = 64
	textAt     = 1024
	memoryEnd  = 65_536
)

const metadata = `{"id":"by-hand","name":"By hand","version":"1.2.0","description":"","author":"","tags":[]}` + "\x00"

// The places of the three imports in a plugin by hand.
const (
	logImport = iota
	getConfigImport
	emitImport
)

var threeImports = []guesttest.Import{
	{Module: "env", Name: "host_log", Params: i32s(3)},
	{Module: "env", Name: "host_get_config", Params: i32s(2), Results: i32s(1)},
	{Module: "env", Name: "host_emit_event", Params: i32s(4)},
}

func i32s(count int) []byte { return bytes.Repeat([]byte{guesttest.I32}, count) }

func byHand() guesttest.Module {
	number := func(params int, value uint32) guesttest.Func {
		return guesttest.Func{Params: i32s(params), Results: i32s(1), Code: guesttest.Const32(value)}
	}
	return guesttest.Module{
		Pages:   1,
		Imports: threeImports,
		Data:    map[uint32]string{metadataAt: metadata},
		Exports: map[string]guesttest.Func{
			"initialize":    number(2, 0),
			"start":         number(0, 0),
			"stop":          number(0, 0),
			"cleanup":       number(0, 0),
			"process_audio": number(3, 0),
			"handle_event":  number(2, 0),
			"get_metadata":  number(0, metadataAt),
			"malloc":        number(1, 8192),
			"free":          {Params: i32s(1)},
		},
	}
}

// with returns a plugin by hand whose export has other code.
func with(export string, code ...[]byte) guesttest.Module {
	module := byHand()
	function := module.Exports[export]
	function.Code = guesttest.Join(code...)
	module.Exports[export] = function
	return module
}

func loaded(t *testing.T, wasm []byte, config WASMConfig) (*WASMRuntime, *strings.Builder) {
	t.Helper()
	log := &strings.Builder{}
	config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	plugin, err := NewWASMRuntime(t.Context(), wasm, &config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plugin.Close(context.Background()) })
	return plugin, log
}

func running(t *testing.T, wasm []byte, config WASMConfig) (*WASMRuntime, *strings.Builder) {
	t.Helper()
	plugin, log := loaded(t, wasm, config)
	if err := plugin.Initialize(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := plugin.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return plugin, log
}

func TestTheLifeOfAPluginHasAnOrder(t *testing.T) {
	ctx := t.Context()
	plugin, _ := loaded(t, byHand().Bytes(), WASMConfig{})
	if err := plugin.Start(ctx); !errors.Is(err, ErrNotInitialized) {
		t.Errorf("start: %v", err)
	}
	if err := plugin.HandleEvent(ctx, "a", "b"); !errors.Is(err, ErrNotInitialized) {
		t.Errorf("event: %v", err)
	}
	if _, err := plugin.ProcessAudio(ctx, []byte("1234")); !errors.Is(err, ErrNotRunning) {
		t.Errorf("audio: %v", err)
	}
	if err := plugin.Initialize(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := plugin.Stop(ctx); err != nil {
		t.Errorf("a plugin that does not run: %v", err)
	}
	if err := plugin.Start(ctx); err != nil || !plugin.Running() {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"start": plugin.Start(ctx), "initialize": plugin.Initialize(ctx, nil)} {
		if !errors.Is(err, ErrRunning) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if output, err := plugin.ProcessAudio(ctx, []byte("1234")); err != nil || len(output) != 0 {
		t.Errorf("audio: %q, %v", output, err)
	}
	// The guide's Close waits for itself, if the plugin runs.
	closed := make(chan error, 1)
	go func() { closed <- plugin.Close(ctx) }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close does not return")
	}
	if err := plugin.Start(ctx); !errors.Is(err, guest.ErrClosed) {
		t.Errorf("then %v", err)
	}
}

func TestPluginsThatBreakTheContractAreRefused(t *testing.T) {
	without := func(export string) guesttest.Module {
		module := byHand()
		delete(module.Exports, export)
		return module
	}
	importing := func(imports ...guesttest.Import) guesttest.Module {
		module := byHand()
		module.Imports = imports
		return module
	}
	versioned := byHand()
	versioned.Exports["get_version"] = guesttest.Func{Results: i32s(1), Code: guesttest.Const32(metadataAt)}
	sized := byHand()
	sized.Exports["free"] = guesttest.Func{Params: i32s(2)}
	strange := byHand()
	strange.Exports["free"] = guesttest.Func{Params: i32s(3)}
	saying := func(text string) guesttest.Module {
		module := byHand()
		module.Data[metadataAt] = text
		return module
	}
	for name, test := range map[string]struct {
		module guesttest.Module
		want   error
	}{
		"a plugin by hand":          {byHand(), nil},
		"free with a size":          {sized, nil},
		"free with three":           {strange, guest.ErrExport},
		"no free":                   {without("free"), guest.ErrExport},
		"no start":                  {without("start"), guest.ErrExport},
		"no handle_event":           {without("handle_event"), nil},
		"no imports":                {importing(), guest.ErrImport},
		"the log alone":             {importing(threeImports[0]), guest.ErrImport},
		"another order":             {importing(threeImports[1], threeImports[0], threeImports[2]), guest.ErrImport},
		"one import more":           {importing(append(slices.Clone(threeImports), threeImports[0])...), guest.ErrImport},
		"metadata without an end":   {with("get_metadata", guesttest.Const32(0xffff_ffff)), guest.ErrBounds},
		"metadata that are no JSON": {saying("by hand\x00"), ErrContract},
		"metadata without an id":    {saying(`{"name":"a","version":"1"}` + "\x00"), ErrContract},
		"another version":           {versioned, ErrContract},
		"a trap in get_metadata":    {with("get_metadata", guesttest.Trap), guest.ErrTrap},
		"an endless loop":           {with("get_metadata", guesttest.Forever, guesttest.Const32(1)), guest.ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, err := NewWASMRuntime(t.Context(), test.module.Bytes(), &WASMConfig{Timeout: 100 * time.Millisecond})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if plugin != nil {
				_ = plugin.Close(t.Context())
			}
		})
	}
}

// Imports are linked by their position: the names are the module's own.
func TestNamesOfPositionalImportsDoNotMatter(t *testing.T) {
	module := with("start", guesttest.Const32(0), guesttest.Const32(textAt), guesttest.Const32(5), guesttest.Call(logImport), guesttest.Const32(0))
	module.Data[textAt] = "hello"
	module.Imports = []guesttest.Import{
		{Module: "wasi", Name: "a", Params: i32s(3)},
		{Module: "env", Name: "b", Params: i32s(2), Results: i32s(1)},
		{Module: "x", Name: "", Params: i32s(4)},
	}
	_, log := running(t, module.Bytes(), WASMConfig{})
	if !strings.Contains(log.String(), "level=INFO") || !strings.Contains(log.String(), "message=hello") {
		t.Errorf("the log is %q", log)
	}
	if _, err := NewWASMRuntime(t.Context(), module.Bytes(), &WASMConfig{Further: true}); !errors.Is(err, guest.ErrImport) {
		t.Errorf("by name: %v", err)
	}
}

func TestAudioOutsideTheOutputIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		code   [][]byte
		length int
		want   error
	}{
		"all of the room":       {[][]byte{guesttest.Const32(8)}, 8, nil},
		"one byte more":         {[][]byte{guesttest.Const32(9)}, 0, ErrContract},
		"more than 2 GiB":       {[][]byte{guesttest.Const32(0x7fff_ffff)}, 0, ErrContract},
		"an error":              {[][]byte{guesttest.Const32(0xffff_fffa)}, 0, ErrStatus},
		"the number of no code": {[][]byte{guesttest.Const32(0x8000_0000)}, 0, ErrStatus},
		"a trap":                {[][]byte{guesttest.Trap}, 0, guest.ErrTrap},
		"an endless loop":       {[][]byte{guesttest.Forever, guesttest.Const32(0)}, 0, guest.ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, _ := running(t, with("process_audio", test.code...).Bytes(), WASMConfig{Timeout: 100 * time.Millisecond})
			output, err := plugin.ProcessAudio(t.Context(), []byte("1234"))
			if !errors.Is(err, test.want) || len(output) != test.length {
				t.Errorf("got %q, %v, want %v", output, err, test.want)
			}
			var status *StatusError
			if name == "an error" && (!errors.As(err, &status) || status.Code() != "too_large") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMallocIsNotTrusted(t *testing.T) {
	for name, test := range map[string]struct {
		code [][]byte
		want error
	}{
		"no memory":      {[][]byte{guesttest.Const32(0)}, guest.ErrNoMemory},
		"out of memory":  {[][]byte{guesttest.Const32(memoryEnd - 1)}, guest.ErrBounds},
		"above 2 GiB":    {[][]byte{guesttest.Const32(0xffff_fff0)}, guest.ErrBounds},
		"memory in use":  {[][]byte{guesttest.Const32(8192)}, nil},
		"a trap instead": {[][]byte{guesttest.Trap}, guest.ErrTrap},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, _ := loaded(t, with("malloc", test.code...).Bytes(), WASMConfig{})
			if err := plugin.Initialize(t.Context(), map[string]any{"a": 1}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	plugin, _ := running(t, byHand().Bytes(), WASMConfig{MaxInput: 8})
	if _, err := plugin.ProcessAudio(t.Context(), make([]byte, 9)); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := plugin.ProcessAudioBatch(t.Context(), [][]byte{make([]byte, 5), make([]byte, 4)}); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestEventsArriveInOrderAfterTheCall(t *testing.T) {
	emit := func(data uint32) []byte {
		return guesttest.Join(guesttest.Const32(textAt), guesttest.Const32(4), guesttest.Const32(textAt+4+data), guesttest.Const32(1), guesttest.Call(emitImport))
	}
	module := with("handle_event", emit(0), emit(1), emit(2), guesttest.Const32(0))
	module.Data[textAt] = "tickabc"
	plugin, log := running(t, module.Bytes(), WASMConfig{MaxEvents: 2})
	var got []string
	plugin.Host().SubscribeEvent("tick", func(_, data string) {
		got = append(got, data)
		// A handler may use the plugin that emitted the event.
		if len(got) == 1 {
			if err := plugin.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	plugin.Host().SubscribeEvent("tock", func(string, string) { t.Error("an event of another type") })
	if err := plugin.HandleEvent(t.Context(), "go", ""); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{"a", "b"}) || plugin.Running() {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(log.String(), "more than 2 events") {
		t.Errorf("the log is %q", log)
	}
}

func TestAnAddressOutsideTheMemoryEndsAHostFunction(t *testing.T) {
	for name, code := range map[string][]byte{
		"wrapping":         guesttest.Join(guesttest.Const32(0), guesttest.Const32(0xffff_fff0), guesttest.Const32(0x20), guesttest.Call(logImport)),
		"a setting's name": guesttest.Join(guesttest.Const32(memoryEnd), guesttest.Const32(1), guesttest.Call(getConfigImport), guesttest.Drop),
	} {
		t.Run(name, func(t *testing.T) {
			plugin, _ := loaded(t, with("initialize", code, guesttest.Const32(0)).Bytes(), WASMConfig{})
			if err := plugin.Initialize(t.Context(), nil); !errors.Is(err, guest.ErrBounds) || !errors.Is(err, guest.ErrTrap) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestASettingIsReadAfterTheMemoryHasGrown(t *testing.T) {
	// malloc grows the memory and returns its new last page, which the guide's view does not have.
	module := with("malloc", guesttest.Const32(1), guesttest.Grow, guesttest.Const32(65_536), []byte{0x6c})
	get := guesttest.Join(guesttest.Const32(textAt), guesttest.Const32(1), guesttest.Call(getConfigImport))
	// The first byte of the setting is the status.
	start := module.Exports["start"]
	start.Code = guesttest.Join(get, []byte{0x2d, 0x00, 0x00})
	module.Exports["start"] = start
	module.Data[textAt] = "k"
	plugin, _ := loaded(t, module.Bytes(), WASMConfig{})
	if err := plugin.Initialize(t.Context(), map[string]any{"k": "A"}); err != nil {
		t.Fatal(err)
	}
	var status *StatusError
	if err := plugin.Start(t.Context()); !errors.As(err, &status) || status.Status != 'A' {
		t.Errorf("got %v", err)
	}
}

func TestFilesStayInTheirFolders(t *testing.T) {
	folder := t.TempDir()
	for name, contents := range map[string]string{"data/a.txt": "a", "config/b.txt": "b", "secret.txt": "secret"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(folder, "data", "etc")); err != nil {
		t.Logf("not run: links, which cannot be made here: %v", err)
	}
	plugin, log := loaded(t, byHand().Bytes(), WASMConfig{Directory: folder})
	host := plugin.Host()
	for path, want := range map[string]string{"./data/a.txt": "a", "./config/b.txt": "b"} {
		if contents, err := host.ReadFile(path); err != nil || string(contents) != want {
			t.Errorf("%s: %q, %v", path, contents, err)
		}
	}
	if _, err := host.ReadFile("./data/none.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{
		"./secret.txt", "data/a.txt", "/etc/passwd", "./data/../secret.txt", "./data/etc/passwd",
		"./data/./a.txt", "./data//a.txt", "./data/", "./data/a\\..\\..\\secret.txt", "./data/a.txt\x00", "",
	} {
		if contents, err := host.ReadFile(path); err == nil {
			t.Errorf("%q was read: %q", path, contents)
		}
		if err := host.WriteFile(path, []byte("x")); err == nil {
			t.Errorf("%q was written", path)
		}
	}
	if !strings.Contains(log.String(), "Unauthorized file access attempt") || !strings.Contains(log.String(), "Unauthorized file write attempt") {
		t.Errorf("the log is %q", log)
	}
	if err := host.WriteFile("./temp/new/c.txt", []byte("c")); err != nil {
		t.Fatal(err)
	}
	if contents, err := os.ReadFile(filepath.Join(folder, "temp/new/c.txt")); err != nil || string(contents) != "c" {
		t.Errorf("got %q, %v", contents, err)
	}
	none, _ := loaded(t, byHand().Bytes(), WASMConfig{})
	if _, err := none.Host().ReadFile("./data/a.txt"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without a folder: %v", err)
	}
}

func TestRequestsReachAllowedHostsOnly(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was reached") }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/away" {
			http.Redirect(answer, request, other.URL, http.StatusFound)
			return
		}
		answer.WriteHeader(http.StatusCreated)
		_, _ = answer.Write([]byte(request.Method + " made"))
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	plugin, _ := loaded(t, byHand().Bytes(), WASMConfig{AllowedHosts: []string{address}})
	if status, body := plugin.Host().HTTPRequest("POST", server.URL, "x"); status != 201 || body != "POST made" {
		t.Errorf("got %d, %q", status, body)
	}
	for _, url := range []string{other.URL, server.URL + "/away", "file:///etc/passwd", "http://" + address + ".example.org", "no URL"} {
		if status, body := plugin.Host().HTTPRequest("GET", url, ""); status != -1 {
			t.Errorf("%s: got %d, %q", url, status, body)
		}
	}
}

func TestTheAudioFilterRuns(t *testing.T) {
	wasm, _ := guesttest.Built(t, "audio-filter-musicfox")
	plugin, log := loaded(t, wasm, WASMConfig{})
	if err := plugin.Initialize(t.Context(), map[string]any{"filter_params": map[string]any{"cutoff": 19}}); !errors.Is(err, ErrStatus) {
		t.Errorf("a cutoff out of bounds: %v", err)
	}
	if err := plugin.Initialize(t.Context(), map[string]any{"channels": 1}); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if err := plugin.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	silence := make([]byte, 4096)
	outputs, err := plugin.ProcessAudioBatch(t.Context(), [][]byte{silence, {}, silence[:400], silence[:3]})
	var failed *BatchError
	if !errors.As(err, &failed) || failed.Index != 3 || !errors.Is(err, ErrStatus) {
		t.Errorf("got %v", err)
	}
	if len(outputs) != 3 || !bytes.Equal(outputs[0], silence) || len(outputs[1]) != 0 || len(outputs[2]) != 400 {
		t.Errorf("got %d outputs", len(outputs))
	}
	if err := plugin.Call(t.Context(), "set_enabled", map[string]any{"enabled": false}, new(any)); err != nil {
		t.Error(err)
	}
	var refused *CommandError
	if err := plugin.Call(t.Context(), "set_volume", nil, new(any)); !errors.As(err, &refused) || refused.Code != "unknown_command" {
		t.Errorf("got %v", err)
	}
	before := plugin.MemoryBytes()
	for range 1000 {
		if _, err := plugin.ProcessAudio(t.Context(), silence); err != nil {
			t.Fatal(err)
		}
	}
	if after := plugin.MemoryBytes(); after != before {
		t.Errorf("the memory grew from %d to %d bytes", before, after)
	}
}
