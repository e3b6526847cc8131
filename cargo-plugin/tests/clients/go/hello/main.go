// The lines of the guide.
package main

import (
	"context"
	"log"
	"os"

	"clients/greeter"
)

func main() {
	ctx := context.Background()
	wasm, err := os.ReadFile("greeter.wasm")
	if err != nil {
		log.Fatal(err)
	}
	plugin, err := greeter.Load(ctx, wasm, greeter.Options{Config: &greeter.Config{Greeting: greeter.Ptr("Hi")}})
	if err != nil {
		log.Fatal(err)
	}
	defer plugin.Close(ctx)
	greeting, err := plugin.Greet(ctx, greeter.GreetArguments{Name: "Ada"})
	if err != nil || greeting.Message != "Hi, Ada!" {
		log.Fatal(greeting, err)
	}
}
