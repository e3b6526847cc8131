package musicfox

import (
	"log/slog"
	"time"

	"github.com/tetratelabs/wazero"

	"plugin-sdk/hosts/guest"
)

// WASMConfig has the limits and grants of a plugin. The zero value suits a plugin that filters
// audio.
type WASMConfig struct {
	// MaxMemoryPages is the greatest size of the memory, in pages of 64 KiB. The default is 480,
	// which is the 30 MB of the guide's plugin.json.
	MaxMemoryPages uint32
	// Timeout is the greatest duration of one call. The default is 30 seconds. The guide has the
	// member and reads it nowhere, so that a plugin with an endless loop hangs its player.
	Timeout time.Duration
	// MaxInput is the largest block of audio, event or configuration, in bytes. The default is
	// 16 MiB.
	MaxInput int
	// MaxEvents is the greatest number of events that a plugin may emit during one call. The
	// default is 1024. Further events are dropped, with a warning in the log.
	MaxEvents int
	// Further offers the five functions of the guide's HostInterface that its host passes to no
	// plugin, and links imports by name. Without it, the three imports are linked by position.
	Further bool
	// AllowedHosts are the hosts that HTTPRequest may reach: names, or names with a port. None by
	// default. The guide has the member and reads it nowhere: every plugin reaches every host.
	AllowedHosts []string
	// Directory is the folder that has data, config and temp, in which files may be read and
	// written. Without it there are no files.
	Directory string
	// Logger takes the plugin's lines. The default is slog.Default.
	Logger *slog.Logger
	// Cache keeps compiled modules, for programs that load a module more than once.
	Cache wazero.CompilationCache
}

func (c WASMConfig) withDefaults() WASMConfig {
	if c.MaxMemoryPages == 0 {
		c.MaxMemoryPages = 480
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 1024
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func (c WASMConfig) limits() guest.Limits {
	limits := guest.Limits{MemoryPages: c.MaxMemoryPages, Timeout: c.Timeout, InputBytes: c.MaxInput}.WithDefaults()
	// The output is twice the input.
	limits.OutputBytes = 2 * limits.InputBytes
	return limits
}
