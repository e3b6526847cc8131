package toolfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"plugin-sdk/hosts/guest"
)

// Root is the beginning of every path in ToolFS.
const Root = "/toolfs"

// FileInfo is what ToolFS knows of a file or a folder.
type FileInfo struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
	IsDir   bool      `json:"is_dir"`
}

// FileSystem is what a plugin sees of ToolFS: the methods of its PluginContext. Paths begin with
// /toolfs.
//
// A plugin gets the code of an error from what the error wraps: not_found from fs.ErrNotExist,
// permission_denied from fs.ErrPermission, invalid_argument from fs.ErrInvalid and fs.ErrExist,
// too_large from guest.ErrTooLarge, and unavailable from any other.
type FileSystem interface {
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, data []byte) error
	// ListDir returns the names in alphabetical order.
	ListDir(path string) ([]string, error)
	Stat(path string) (FileInfo, error)
}

// Mounts are folders of the host's file system, each at a path of ToolFS. A plugin cannot leave
// them: the operating system resolves every path beneath the folder, so that neither .. nor a
// symbolic link leads out of it. ToolFS's own library joins paths and leaves both open, and finds
// the mount /toolfs/data for the path /toolfs/database too.
type Mounts struct {
	// MaxFileBytes is the largest file that may be read or written. NewMounts sets 16 MiB.
	MaxFileBytes int64
	// MaxEntries is the greatest number of entries of a folder that is listed. NewMounts sets
	// 10,000.
	MaxEntries int

	mounts map[string]mount
}

type mount struct {
	root     *os.Root
	readOnly bool
}

var _ FileSystem = (*Mounts)(nil)

// NewMounts returns a file system without folders.
func NewMounts() *Mounts {
	return &Mounts{MaxFileBytes: 16 << 20, MaxEntries: 10_000, mounts: make(map[string]mount)}
}

// MountLocal grants a folder. The mount point is a path below /toolfs, which may be left out:
// "docs" is /toolfs/docs. Mount all folders before a plugin uses them.
func (m *Mounts) MountLocal(mountPoint, localPath string, readOnly bool) error {
	within := strings.TrimPrefix(mountPoint, Root+"/")
	if err := checkPath(within); err != nil {
		return fmt.Errorf("the mount point %q: %w", mountPoint, err)
	}
	if _, found := m.mounts[within]; found {
		return fmt.Errorf("the mount point %q: %w", mountPoint, fs.ErrExist)
	}
	root, err := os.OpenRoot(localPath)
	if err != nil {
		return err
	}
	m.mounts[within] = mount{root: root, readOnly: readOnly}
	return nil
}

// Close gives the folders back. Plugins then see none.
func (m *Mounts) Close() error {
	var all []error
	for _, mount := range m.mounts {
		all = append(all, mount.root.Close())
	}
	clear(m.mounts)
	return errors.Join(all...)
}

// ReadFile reads a regular file.
func (m *Mounts) ReadFile(path string) ([]byte, error) {
	mount, within, err := m.find(path)
	if err != nil {
		return nil, err
	}
	// Without waiting: opening a pipe would block for good.
	file, err := mount.root.OpenFile(within, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, explain(path, err)
	}
	defer func() { _ = file.Close() }()
	if err := checkRegular(path, file); err != nil {
		return nil, err
	}
	contents, err := io.ReadAll(io.LimitReader(file, m.MaxFileBytes+1))
	if err != nil {
		return nil, explain(path, err)
	}
	return contents, m.checkSize(path, int64(len(contents)))
}

// WriteFile creates or replaces a regular file, and creates missing folders.
func (m *Mounts) WriteFile(path string, data []byte) error {
	mount, within, err := m.find(path)
	if err != nil {
		return err
	}
	if mount.readOnly {
		return fmt.Errorf("the mount of %q is read-only: %w", path, fs.ErrPermission)
	}
	if err := m.checkSize(path, int64(len(data))); err != nil {
		return err
	}
	if folder, found := parent(within); found {
		if err := mount.root.MkdirAll(folder, 0o755); err != nil {
			return explain(path, err)
		}
	}
	// Emptied only when it is known to be a regular file.
	file, err := mount.root.OpenFile(within, os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return explain(path, err)
	}
	err = checkRegular(path, file)
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.Write(data)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return explain(path, err)
}

// ListDir lists a folder. It leaves out what a plugin could not open: links that lead out of the
// mount, and names that are not UTF-8.
func (m *Mounts) ListDir(path string) ([]string, error) {
	mount, within, err := m.find(path)
	if err != nil {
		return nil, err
	}
	folder, err := mount.root.OpenFile(within, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, explain(path, err)
	}
	defer func() { _ = folder.Close() }()
	if info, err := folder.Stat(); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%q is a file, not a folder: %w", path, fs.ErrInvalid)
	}
	var names []string
	for seen := 0; ; {
		entries, err := folder.ReadDir(256)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, explain(path, err)
		}
		if seen += len(entries); seen > m.MaxEntries {
			return nil, fmt.Errorf("the folder %q has more than %d entries: %w", path, m.MaxEntries, guest.ErrTooLarge)
		}
		for _, entry := range entries {
			if _, err := mount.root.Stat(within + "/" + entry.Name()); err == nil && utf8.ValidString(entry.Name()) {
				names = append(names, entry.Name())
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// Stat describes a file or a folder.
func (m *Mounts) Stat(path string) (FileInfo, error) {
	mount, within, err := m.find(path)
	if err != nil {
		return FileInfo{}, err
	}
	info, err := mount.root.Stat(within)
	if err != nil {
		return FileInfo{}, explain(path, err)
	}
	found := FileInfo{Size: info.Size(), ModTime: info.ModTime().UTC(), IsDir: info.IsDir()}
	if found.IsDir {
		// The size of a folder is different on every file system.
		found.Size = 0
	}
	return found, nil
}

// find returns the mount of a path, and the path within it.
func (m *Mounts) find(full string) (mount, string, error) {
	inside, found := strings.CutPrefix(full, Root+"/")
	if !found {
		return mount{}, "", fmt.Errorf("%q is in no mount: %w", full, fs.ErrNotExist)
	}
	if err := checkPath(inside); err != nil {
		return mount{}, "", err
	}
	// The longest mount that has the path, name by name.
	for point := inside; ; {
		if mount, found := m.mounts[point]; found {
			within := strings.TrimPrefix(strings.TrimPrefix(inside, point), "/")
			if within == "" {
				within = "."
			}
			return mount, within, nil
		}
		folder, found := parent(point)
		if !found {
			return mount{}, "", fmt.Errorf("%q is in no mount: %w", full, fs.ErrNotExist)
		}
		point = folder
	}
}

const (
	maxPath     = 1024
	maxPathName = 255
)

// checkPath checks a path before the operating system sees it, so that it means the same on every
// operating system.
func checkPath(inside string) error {
	if len(inside) > maxPath {
		return fmt.Errorf("a path of %d bytes, of at most %d: %w", len(inside), maxPath, fs.ErrInvalid)
	}
	for name := range strings.SplitSeq(inside, "/") {
		switch {
		case name == "":
			return fmt.Errorf("%q has an empty name in it: %w", inside, fs.ErrInvalid)
		case name == "." || name == "..":
			return fmt.Errorf("%q has %s in it: %w", inside, name, fs.ErrInvalid)
		case strings.ContainsAny(name, "\\:\x00") || len(name) > maxPathName || !utf8.ValidString(name):
			return fmt.Errorf("%q has an invalid name in it: %w", inside, fs.ErrInvalid)
		}
	}
	return nil
}

func checkRegular(path string, file *os.File) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return explain(path, err)
	case info.IsDir():
		return fmt.Errorf("%q is a folder, not a file: %w", path, fs.ErrInvalid)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is neither a file nor a folder: %w", path, fs.ErrInvalid)
	}
	return nil
}

func (m *Mounts) checkSize(path string, size int64) error {
	if size > m.MaxFileBytes {
		return fmt.Errorf("the file %q has more than %d bytes: %w", path, m.MaxFileBytes, guest.ErrTooLarge)
	}
	return nil
}

// explain names the plugin's path instead of the host's, which a plugin should not learn.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	var failed *fs.PathError
	if !errors.As(err, &failed) {
		return err
	}
	var number syscall.Errno
	switch {
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%q is a folder, not a file: %w", path, fs.ErrInvalid)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST):
		return fmt.Errorf("a part of %q is a file, not a folder: %w", path, fs.ErrInvalid)
	case errors.Is(err, syscall.ENXIO):
		return fmt.Errorf("%q is neither a file nor a folder: %w", path, fs.ErrInvalid)
	case !errors.As(err, &number):
		// os.Root exports no error for a path that leads out of it. It is the only one that does
		// not come from the operating system.
		return fmt.Errorf("%q leads out of its mount: %w", path, fs.ErrPermission)
	}
	return fmt.Errorf("%q: %w", path, failed.Err)
}

// parent returns the folder of a path, if there is one.
func parent(within string) (folder string, found bool) {
	folder, _ = path.Split(within)
	return strings.TrimSuffix(folder, "/"), folder != ""
}
