// Compares clients in Go with code written by hand. See ../README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"clients/greeter"
	"clients/typed"
)

var ctx = context.Background()

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func value[T any](value T, err error) T {
	check(err)
	return value
}

// byHand is a plugin, called as an author of a host would by hand.
type byHand struct {
	module      api.Module
	alloc, free api.Function
	functions   map[string]api.Function
	timeout     time.Duration
}

func load(wasm []byte, timeout time.Duration) *byHand {
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(timeout > 0)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	host := runtime.NewHostModuleBuilder("plugin_host")
	host.NewFunctionBuilder().WithFunc(func() uint32 { return 0 }).Export("log_max_level")
	host.NewFunctionBuilder().WithFunc(func(level, target, targetLength, message, length uint32) {}).Export("log_write")
	value(host.Instantiate(ctx))
	module := value(runtime.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions()))
	value(module.ExportedFunction("plugin_init").Call(ctx, 0, 0))
	return &byHand{
		module: module, alloc: module.ExportedFunction("alloc"), free: module.ExportedFunction("free"),
		functions: make(map[string]api.Function), timeout: timeout,
	}
}

func (b *byHand) call(name string, data []byte) []byte {
	ctx := ctx
	if b.timeout > 0 {
		within, cancel := context.WithTimeout(ctx, b.timeout)
		defer cancel()
		ctx = within
	}
	function, found := b.functions[name]
	if !found {
		function = b.module.ExportedFunction(name)
		b.functions[name] = function
	}
	address := value(b.alloc.Call(ctx, uint64(len(data))))[0]
	b.module.Memory().Write(uint32(address), data)
	packed := value(function.Call(ctx, address, uint64(len(data))))[0]
	view, ok := b.module.Memory().Read(uint32(packed>>32), uint32(packed)&0x7fff_ffff)
	result := bytes.Clone(view)
	value(b.free.Call(ctx, address, uint64(len(data))))
	if !ok || packed&0x8000_0000 != 0 {
		check(errors.New(string(result)))
	}
	return result
}

type arguments struct {
	Name string `json:"name"`
}

type greeting struct {
	Message string `json:"message"`
	Greeted uint64 `json:"greeted"`
}

func seconds(job func(), count int) float64 {
	start := time.Now()
	for range count {
		job()
	}
	return time.Since(start).Seconds() / float64(count)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func main() {
	greeterWasm, typedWasm := value(os.ReadFile("greeter.wasm")), value(os.ReadFile("typed.wasm"))
	small, large := make([]byte, 1<<10), make([]byte, 1<<20)
	// wazero watches the time of a call only if asked to, which costs as much as a small call.
	for _, timeout := range []time.Duration{10 * time.Second, -1} {
		client := value(greeter.Load(ctx, greeterWasm, greeter.Options{Limits: greeter.Limits{Timeout: timeout}}))
		raw := value(typed.Load(ctx, typedWasm, typed.Options{Limits: typed.Limits{Timeout: timeout}}))
		greeterByHand, typedByHand := load(greeterWasm, timeout), load(typedWasm, timeout)
		fmt.Println("with a timeout of", timeout)
		compare("greet",
			func() { value(client.Greet(ctx, greeter.GreetArguments{Name: "Ada"})) },
			func() {
				var read greeting
				data := value(json.Marshal(arguments{Name: "Ada"}))
				check(json.Unmarshal(greeterByHand.call("command_greet", data), &read))
			})
		for _, data := range [][]byte{small, large} {
			compare(fmt.Sprint("echo ", len(data)>>10, " KiB"),
				func() { value(raw.Echo(ctx, data)) },
				func() { typedByHand.call("command_echo", data) })
		}
	}
}

func compare(name string, client, byHand func()) {
	count := int(5e-3/seconds(byHand, 100)) + 1
	var ours, theirs, ratios []float64
	for range 100 {
		one, other := seconds(client, count), seconds(byHand, count)
		ours, theirs, ratios = append(ours, one*1e6), append(theirs, other*1e6), append(ratios, one/other)
	}
	fmt.Printf("%s: %.1f µs, by hand %.1f µs, ratio %.2f\n", name, median(ours), median(theirs), median(ratios))
}
