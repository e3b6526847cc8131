package musicfox

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"plugin-sdk/hosts/guest"
)

// allowedPrefixes are the beginnings of the paths that a plugin may use.
var allowedPrefixes = []string{"./data/", "./config/", "./temp/"}

// maxFileBytes is the largest file that is read or written.
const maxFileBytes = 16 << 20

// ReadFile reads a file of the plugin, ./data/a.txt for example.
func (h *HostInterface) ReadFile(name string) ([]byte, error) {
	file, err := h.open(name, "access", os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	contents, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err == nil && len(contents) > maxFileBytes {
		err = fmt.Errorf("%q has more than %d bytes: %w", name, maxFileBytes, guest.ErrTooLarge)
	}
	if err != nil {
		h.logger.Error("Failed to read file", "path", guest.Printable(name, maxShown), "error", err)
		return nil, err
	}
	return contents, nil
}

// WriteFile creates or replaces a file of the plugin, and creates missing folders.
func (h *HostInterface) WriteFile(name string, data []byte) error {
	if len(data) > maxFileBytes {
		return fmt.Errorf("%q would have more than %d bytes: %w", name, maxFileBytes, guest.ErrTooLarge)
	}
	file, err := h.open(name, "write", os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return err
	}
	// Emptied only now that it is known to be a regular file.
	if err = file.Truncate(0); err == nil {
		_, err = file.Write(data)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// open opens a regular file below the host's folder.
//
// The guide looks at the beginning of the path only, so that ./data/../../etc/passwd passes, and
// follows symbolic links: here the operating system resolves every path beneath the folder.
func (h *HostInterface) open(name, attempt string, flag int) (*os.File, error) {
	within, err := h.allowed(name)
	if err != nil {
		h.logger.Warn("Unauthorized file "+attempt+" attempt", "path", guest.Printable(name, maxShown))
		return nil, err
	}
	if flag&os.O_CREATE != 0 {
		if err := h.root.MkdirAll(path.Dir(within), 0o755); err != nil {
			return nil, err
		}
	}
	// Without waiting: opening a pipe would block for good.
	file, err := h.root.OpenFile(within, flag|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, fmt.Errorf("%q is not a file: %w", name, fs.ErrInvalid)
	}
	return file, nil
}

func (h *HostInterface) allowed(name string) (string, error) {
	refused := fmt.Errorf("%q is not below ./data/, ./config/ or ./temp/: %w", guest.Printable(name, maxShown), fs.ErrPermission)
	if h.root == nil || len(name) > 1024 || strings.ContainsAny(name, "\\:\x00") {
		return "", refused
	}
	for _, prefix := range allowedPrefixes {
		if within := strings.TrimPrefix(name, "./"); strings.HasPrefix(name, prefix) && fs.ValidPath(within) {
			return within, nil
		}
	}
	return "", refused
}
