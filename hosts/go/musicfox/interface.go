package musicfox

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"

	"plugin-sdk/hosts/guest"
)

// HostInterface is what the player offers to one plugin. It may be used by several goroutines: the
// guide's settings are a map without a lock.
type HostInterface struct {
	logger *slog.Logger
	root   *os.Root
	client *http.Client

	mutex    sync.Mutex
	config   map[string]string
	handlers map[string][]EventHandler
	// wanted are the events that the plugin has subscribed to.
	wanted map[string]bool
}

// Limits of what is kept for a plugin.
const (
	maxSettings      = 10_000
	maxSettingBytes  = 1 << 20
	maxSubscriptions = 1000
)

func newHostInterface(config WASMConfig) (*HostInterface, error) {
	host := &HostInterface{
		logger:   config.Logger,
		client:   newClient(config),
		config:   make(map[string]string),
		handlers: make(map[string][]EventHandler),
		wanted:   make(map[string]bool),
	}
	if config.Directory != "" {
		root, err := os.OpenRoot(config.Directory)
		if err != nil {
			return nil, err
		}
		host.root = root
	}
	return host, nil
}

func (h *HostInterface) close() error {
	if h.root == nil {
		return nil
	}
	return h.root.Close()
}

// Log takes a line of the plugin: 0 is information, 1 a warning, 2 an error, and any other number a
// detail.
func (h *HostInterface) Log(level int32, message string) {
	const source = "[WASM Plugin]"
	switch level {
	case levelInfo:
		h.logger.Info(source, "message", message)
	case levelWarn:
		h.logger.Warn(source, "message", message)
	case levelError:
		h.logger.Error(source, "message", message)
	default:
		h.logger.Debug(source, "message", message)
	}
}

// GetConfig returns a setting, empty if there is none.
func (h *HostInterface) GetConfig(key string) string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.config[key]
}

// SetConfig changes a setting. It returns guest.ErrTooLarge if the setting is too long, or if there
// are too many.
func (h *HostInterface) SetConfig(key, value string) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if _, known := h.config[key]; len(key)+len(value) > maxSettingBytes || len(h.config) >= maxSettings && !known {
		return fmt.Errorf("the setting %q: %w", guest.Printable(key, maxShown), guest.ErrTooLarge)
	}
	h.config[key] = value
	return nil
}

// replaceConfig replaces all settings by the members of a configuration.
func (h *HostInterface) replaceConfig(config map[string]any) error {
	settings := make(map[string]string, len(config))
	for key, value := range config {
		if text, ok := value.(string); ok {
			settings[key] = text
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("the setting %q: %w", key, err)
		}
		settings[key] = string(encoded)
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.config = settings
	return nil
}

// SubscribeEvent calls a handler for each event of a type that the plugin emits, in the order in
// which it emits them, when its call has returned. A handler may use the plugin.
func (h *HostInterface) SubscribeEvent(eventType string, handler EventHandler) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.handlers[eventType] = append(h.handlers[eventType], handler)
}

// SubscribeAll calls a handler for every event that the plugin emits, after those of its type.
func (h *HostInterface) SubscribeAll(handler EventHandler) {
	h.SubscribeEvent("", handler)
}

// deliver calls the handlers of events.
func (h *HostInterface) deliver(events []event) {
	for _, event := range events {
		h.mutex.Lock()
		handlers := slices.Concat(h.handlers[event.kind], h.handlers[""])
		h.mutex.Unlock()
		for _, handler := range handlers {
			handler(event.kind, event.data)
		}
	}
}

var errSubscription = errors.New("the subscription is refused")

// subscribePlugin is host_subscribe_event.
func (h *HostInterface) subscribePlugin(eventType string) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if eventType == "" || len(h.wanted) >= maxSubscriptions {
		return errSubscription
	}
	h.wanted[eventType] = true
	return nil
}

// Subscriptions returns the events that the plugin has subscribed to, in alphabetical order.
func (h *HostInterface) Subscriptions() []string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Sorted(maps.Keys(h.wanted))
}
