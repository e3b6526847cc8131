package musicfox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"plugin-sdk/hosts/guest"
)

// An EventHandler receives the events that a plugin emits.
type EventHandler func(eventType, data string)

type event struct{ kind, data string }

// A turn is what a plugin emits and logs during one operation.
type turn struct {
	events []event
	// dropped is set when the plugin emitted more events than it may.
	dropped bool
	// errorLine is the last line that it logged about an error.
	errorLine string
	// command is the event that calls a command, and answer its outcome.
	command string
	answer  *answer
}

// An answer is what a command of the plugin emitted last.
type answer struct {
	failed bool
	data   string
}

// HandleEvent passes an event to the plugin. Its data are text; text that is JSON is read as JSON.
//
// It returns ErrUnsupported if the plugin does not export handle_event, and a *StatusError if a
// handler failed.
func (r *WASMRuntime) HandleEvent(ctx context.Context, eventType, data string) error {
	return r.operation(ctx, func(ctx context.Context) error {
		return r.handleEvent(ctx, eventType, data)
	})
}

func (r *WASMRuntime) handleEvent(ctx context.Context, eventType, data string) error {
	if err := r.ready(); err != nil {
		return err
	}
	if _, found := r.instance.Export("handle_event"); !found {
		return fmt.Errorf("handle_event: %w", ErrUnsupported)
	}
	encoded, err := json.Marshal(map[string]string{"type": eventType, "data": data})
	if err != nil {
		return err
	}
	return r.pass(ctx, "handle_event", encoded)
}

// Call calls a command of a plugin that is made with this SDK, by the event command.<name>, and
// stores the result in the value that target points to. The guide has no commands.
//
// A *CommandError is the plugin's own. ErrContract means that there was no answer.
func (r *WASMRuntime) Call(ctx context.Context, name string, arguments, target any) error {
	encoded, err := json.Marshal(arguments)
	if err != nil {
		return fmt.Errorf("encoding the arguments: %w", err)
	}
	result, err := r.CallText(ctx, name, string(encoded))
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(result), target); err != nil {
		return fmt.Errorf("the result of command.%s: %w", guest.Printable(name, maxShown), err)
	}
	return nil
}

// CallText is Call with arguments and a result in JSON.
func (r *WASMRuntime) CallText(ctx context.Context, name, arguments string) (string, error) {
	var reply *answer
	err := r.operation(ctx, func(ctx context.Context) error {
		r.turn.command = "command." + name
		err := r.handleEvent(ctx, r.turn.command, arguments)
		reply = r.turn.answer
		return err
	})
	shown := guest.Printable(name, maxShown)
	switch {
	case err != nil && !errors.Is(err, ErrStatus), reply == nil && err != nil:
		return "", err
	case reply == nil:
		return "", fmt.Errorf("%w: there was no answer to command.%s", ErrContract, shown)
	case reply.failed == (err == nil):
		return "", fmt.Errorf("%w: the answer to command.%s and the result of handle_event disagree", ErrContract, shown)
	case reply.failed:
		failed := &CommandError{}
		if err := json.Unmarshal([]byte(reply.data), failed); err != nil {
			return "", fmt.Errorf("%w: the error of command.%s: %w", ErrContract, shown, err)
		}
		failed.Message = guest.Printable(failed.Message, maxLine)
		return "", failed
	}
	return reply.data, nil
}

// emit keeps an event until the call has returned. The guide starts a goroutine for each handler of
// each event: they run in any order, without end, while the plugin is still in its call.
func (r *WASMRuntime) emit(kind, data string) {
	turn := &r.turn
	if turn.command != "" {
		switch kind {
		case turn.command + ".result":
			turn.answer = &answer{data: data}
			return
		case turn.command + ".error":
			turn.answer = &answer{failed: true, data: data}
			return
		}
	}
	if len(turn.events) < r.config.MaxEvents {
		turn.events = append(turn.events, event{kind: kind, data: data})
		return
	}
	if !turn.dropped {
		turn.dropped = true
		r.host.Log(levelWarn, fmt.Sprintf("more than %d events in one call: the rest is dropped", r.config.MaxEvents))
	}
}

// log takes a line of the plugin.
func (r *WASMRuntime) log(level int32, message string) {
	message = guest.Printable(message, maxLine)
	if level == levelError {
		r.turn.errorLine = message
	}
	r.host.Log(level, message)
}

const (
	levelInfo  = 0
	levelWarn  = 1
	levelError = 2

	// maxLine is the longest line of the log, in bytes.
	maxLine = 16 << 10
)
