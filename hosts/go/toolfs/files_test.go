package toolfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plugin-sdk/hosts/guest"
)

// tree writes files below a folder of the test's own.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, contents := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func mounted(t *testing.T, point, folder string, readOnly bool) *Mounts {
	t.Helper()
	mounts := NewMounts()
	if err := mounts.MountLocal(point, folder, readOnly); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mounts.Close() })
	return mounts
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("not run: no symbolic links here: %v", err)
	}
}

func TestNoPathLeadsOutOfAMount(t *testing.T) {
	outside := tree(t, map[string]string{
		"secret.txt":    "secret",
		"docs/a.txt":    "a",
		"docs/b/c.txt":  "c",
		"docs-2/d.txt":  "d",
		"docs/file.txt": "f",
	})
	docs := filepath.Join(outside, "docs")
	link(t, filepath.Join(outside, "secret.txt"), filepath.Join(docs, "absolute"))
	link(t, "../secret.txt", filepath.Join(docs, "relative"))
	link(t, "..", filepath.Join(docs, "up"))
	link(t, "a.txt", filepath.Join(docs, "within"))
	link(t, "loop", filepath.Join(docs, "loop"))
	mounts := mounted(t, "docs", docs, false)
	for path, want := range map[string]error{
		"/toolfs/docs/a.txt":                   nil,
		"/toolfs/docs/b/c.txt":                 nil,
		"/toolfs/docs/within":                  nil,
		"/toolfs/docs/none.txt":                fs.ErrNotExist,
		"/toolfs/docs/absolute":                fs.ErrPermission,
		"/toolfs/docs/relative":                fs.ErrPermission,
		"/toolfs/docs/up/secret.txt":           fs.ErrPermission,
		"/toolfs/docs/../secret.txt":           fs.ErrInvalid,
		"/toolfs/docs/b/../../secret.txt":      fs.ErrInvalid,
		"/toolfs/../etc/passwd":                fs.ErrInvalid,
		"/toolfs/docs/b/./c.txt":               fs.ErrInvalid,
		"/toolfs/docs//a.txt":                  fs.ErrInvalid,
		"/toolfs/docs/":                        fs.ErrInvalid,
		"/toolfs/docs":                         fs.ErrInvalid,
		"/toolfs/docs/b":                       fs.ErrInvalid,
		"/toolfs/docs/a.txt/x":                 fs.ErrInvalid,
		"/toolfs/docs/b\\..\\..\\secret.txt":   fs.ErrInvalid,
		"/toolfs/docs/a.txt\x00":               fs.ErrInvalid,
		"/toolfs/docs/\xff":                    fs.ErrInvalid,
		"/toolfs/" + strings.Repeat("x/", 600): fs.ErrInvalid,
		// ToolFS itself takes the prefix of the path for the mount.
		"/toolfs/docs-2/d.txt": fs.ErrNotExist,
		"/toolfs":              fs.ErrNotExist,
		"/toolfsx/docs/a.txt":  fs.ErrNotExist,
		"/etc/passwd":          fs.ErrNotExist,
		"docs/a.txt":           fs.ErrNotExist,
		"":                     fs.ErrNotExist,
	} {
		contents, err := mounts.ReadFile(path)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: got %q, %v, want %v", path, contents, err, want)
		}
		if err != nil && strings.Contains(err.Error(), outside) {
			t.Errorf("%q: the error names the host's path: %v", path, err)
		}
	}
	if _, err := mounts.ReadFile("/toolfs/docs/loop"); err == nil {
		t.Error("a link to itself was read")
	}
	// Links that lead out do not exist for a plugin.
	names, err := mounts.ListDir("/toolfs/docs")
	if want := []string{"a.txt", "b", "file.txt", "within"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v", names, err)
	}
	for path, want := range map[string]error{
		"/toolfs/docs/up/x.txt": fs.ErrPermission,
		"/toolfs/docs/absolute": fs.ErrPermission,
		"/toolfs/docs/../x.txt": fs.ErrInvalid,
	} {
		if err := mounts.WriteFile(path, []byte("x")); !errors.Is(err, want) {
			t.Errorf("%q was written: %v", path, err)
		}
	}
	if secret, err := os.ReadFile(filepath.Join(outside, "secret.txt")); err != nil || string(secret) != "secret" {
		t.Errorf("the file outside is %q, %v", secret, err)
	}
}

func TestFilesAreWrittenOnlyWhereTheMountAllows(t *testing.T) {
	folder := tree(t, map[string]string{"a.txt": "longer before"})
	mounts := mounted(t, "/toolfs/data", folder, false)
	for path, contents := range map[string]string{"/toolfs/data/a.txt": "short", "/toolfs/data/new/deep/b.txt": ""} {
		if err := mounts.WriteFile(path, []byte(contents)); err != nil {
			t.Fatal(err)
		}
		read, err := mounts.ReadFile(path)
		if err != nil || string(read) != contents {
			t.Errorf("%q: got %q, %v", path, read, err)
		}
	}
	info, err := mounts.Stat("/toolfs/data/a.txt")
	if err != nil || info.Size != 5 || info.IsDir || info.ModTime.IsZero() {
		t.Errorf("got %+v, %v", info, err)
	}
	if info, err := mounts.Stat("/toolfs/data"); err != nil || !info.IsDir || info.Size != 0 {
		t.Errorf("got %+v, %v", info, err)
	}
	for path, want := range map[string]error{
		"/toolfs/data/new":     fs.ErrInvalid,
		"/toolfs/data":         fs.ErrInvalid,
		"/toolfs/data/a.txt/b": fs.ErrInvalid,
	} {
		if err := mounts.WriteFile(path, nil); !errors.Is(err, want) {
			t.Errorf("%q: got %v", path, err)
		}
	}
	readOnly := mounted(t, "data", folder, true)
	if err := readOnly.WriteFile("/toolfs/data/a.txt", nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestLargeFilesAndFoldersAreRefused(t *testing.T) {
	folder := tree(t, map[string]string{"four": "1234", "five": "12345", "six": ""})
	mounts := mounted(t, "data", folder, false)
	mounts.MaxFileBytes = 4
	if _, err := mounts.ReadFile("/toolfs/data/four"); err != nil {
		t.Error(err)
	}
	if _, err := mounts.ReadFile("/toolfs/data/five"); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if err := mounts.WriteFile("/toolfs/data/six", []byte("12345")); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	mounts.MaxEntries = 3
	if _, err := mounts.ListDir("/toolfs/data"); err != nil {
		t.Error(err)
	}
	mounts.MaxEntries = 2
	if _, err := mounts.ListDir("/toolfs/data"); !errors.Is(err, guest.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := mounts.ListDir("/toolfs/data/four"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestMountPointsAreUniquePathsAndTheLongestWins(t *testing.T) {
	outer := tree(t, map[string]string{"in/a.txt": "outer"})
	inner := tree(t, map[string]string{"a.txt": "inner"})
	mounts := mounted(t, "data", outer, true)
	if err := mounts.MountLocal("/toolfs/data/in", inner, true); err != nil {
		t.Fatal(err)
	}
	if contents, err := mounts.ReadFile("/toolfs/data/in/a.txt"); err != nil || string(contents) != "inner" {
		t.Errorf("got %q, %v", contents, err)
	}
	for _, point := range []string{"data", "/toolfs/data"} {
		if err := mounts.MountLocal(point, inner, true); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%q: got %v", point, err)
		}
	}
	for _, point := range []string{"", "/toolfs", "../up", "/etc"} {
		if err := mounts.MountLocal(point, inner, true); err == nil {
			t.Errorf("%q was mounted", point)
		}
	}
	if err := mounts.MountLocal("none", filepath.Join(inner, "none"), true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
