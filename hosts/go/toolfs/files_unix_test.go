//go:build unix

package toolfs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAPipeDoesNotBlock(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Skipf("not run: no pipes here: %v", err)
	}
	mounts := mounted(t, "data", folder, false)
	if _, err := mounts.ReadFile("/toolfs/data/pipe"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if err := mounts.WriteFile("/toolfs/data/pipe", []byte("x")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
