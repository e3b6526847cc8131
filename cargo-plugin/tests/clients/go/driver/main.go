// Makes the calls of a table with the client of the guest typed: driver typed.wasm
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"

	"clients/typed"
)

type call struct {
	Command    string
	Arguments  json.RawMessage
	NotANumber bool `json:"not_a_number"`
	Input      *input
	Output     json.RawMessage
	Hook       string
	Topic      string
	Data       any
}

type input struct {
	Element string
	Values  []any
	Repeat  int
}

type scenario struct {
	Config typed.Config
	Limits struct {
		ResultBytes uint32 `json:"result_bytes"`
	}
	Calls []call
}

var ctx = context.Background()

// check ends the program: an error here is not an outcome of a call.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func show(name string, value any) {
	encoded, err := json.Marshal(map[string]any{name: value})
	check(err)
	fmt.Println(string(encoded))
}

func showError(err error) {
	var failed *typed.PluginError
	if !errors.As(err, &failed) {
		panic(err)
	}
	members := map[string]any{"code": failed.Code, "message": failed.Message}
	if failed.Panic != nil {
		members["panic"], members["file"] = failed.Panic.Message, failed.Panic.File
	}
	show("error", members)
}

// raw returns the input of a raw command, of the type that its method takes.
func (i *input) raw(of reflect.Type) reflect.Value {
	if i.Element == "text" {
		return reflect.ValueOf(strings.Repeat(i.Values[0].(string), i.Repeat))
	}
	numbers := reflect.MakeSlice(of, 0, len(i.Values)*i.Repeat)
	for range i.Repeat {
		for _, value := range i.Values {
			number := reflect.New(of.Elem()).Elem()
			text := fmt.Sprint(value)
			switch {
			case number.CanFloat():
				read, err := strconv.ParseFloat(text, 64)
				check(err)
				number.SetFloat(read)
			case number.CanInt():
				read, err := strconv.ParseInt(text, 10, 64)
				check(err)
				number.SetInt(read)
			default:
				read, err := strconv.ParseUint(text, 10, 64)
				check(err)
				number.SetUint(read)
			}
			numbers = reflect.Append(numbers, number)
		}
	}
	return numbers
}

// elements describes what a raw command returned.
func elements(answer reflect.Value) map[string]any {
	if answer.Kind() == reflect.String {
		return map[string]any{"values": []string{answer.String()}, "count": 1}
	}
	values := []any{}
	for nth := range min(4, answer.Len()) {
		number := answer.Index(nth)
		if number.CanFloat() && (math.IsNaN(number.Float()) || math.IsInf(number.Float(), 0)) {
			text := strings.Replace(fmt.Sprint(number.Float()), "Inf", "Infinity", 1)
			values = append(values, strings.TrimPrefix(text, "+"))
			continue
		}
		values = append(values, number.Interface())
	}
	return map[string]any{"values": values, "count": answer.Len()}
}

func (c *call) run(client *typed.Typed) {
	var err error
	switch c.Hook {
	case "start":
		err = client.Start(ctx)
	case "stop":
		err = client.Stop(ctx)
	case "event":
		err = client.Event(ctx, c.Topic, c.Data)
	default:
		c.command(client)
		return
	}
	if err != nil {
		showError(err)
		return
	}
	show("result", nil)
}

func (c *call) command(client *typed.Typed) {
	name := strings.ToUpper(c.Command[:1]) + c.Command[1:]
	method := reflect.ValueOf(client).MethodByName(name)
	given := []reflect.Value{reflect.ValueOf(ctx)}
	if method.Type().NumIn() > 1 {
		of := method.Type().In(1)
		switch {
		case c.NotANumber:
			given = append(given, reflect.ValueOf(typed.AnythingArguments{Value: math.NaN()}))
		case c.Input != nil:
			given = append(given, c.Input.raw(of))
		default:
			arguments := reflect.New(of)
			check(json.Unmarshal(c.Arguments, arguments.Interface()))
			given = append(given, arguments.Elem())
		}
	}
	answers := method.Call(given)
	if err, failed := answers[len(answers)-1].Interface().(error); failed {
		showError(err)
		return
	}
	switch {
	case len(answers) == 1:
		show("result", nil)
	case c.Input != nil:
		show("elements", elements(answers[0]))
	default:
		show("result", answers[0].Interface())
	}
}

func main() {
	wasm, err := os.ReadFile(os.Args[1])
	check(err)
	var table []scenario
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	check(decoder.Decode(&table))
	cache := wazero.NewCompilationCache()
	for _, scenario := range table {
		limits := typed.Limits{ResultBytes: scenario.Limits.ResultBytes}
		options := typed.Options{Config: &scenario.Config, Limits: limits, Cache: cache}
		client, err := typed.Load(ctx, wasm, options)
		if err != nil {
			showError(err)
			continue
		}
		for _, call := range scenario.Calls {
			call.run(client)
		}
		_ = client.Close(ctx)
	}
}
