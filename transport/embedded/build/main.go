// Command build makes the helpers that gdeploy carries: one for each platform, the same
// bytes for the same sources, so that hosts get a new one only when there is one. It does
// nothing where they are up to date. Run it by `make helpers`.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy"
	"github.com/gdeploy/gdeploy/transport/embedded"
)

const (
	module  = "github.com/gdeploy/gdeploy"
	command = "./cmd/gdeploy-helper"
	itself  = "transport/embedded/build"
)

var arches = []string{"amd64", "arm64"}

func main() {
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, "build the helpers:", err)
		os.Exit(1)
	}
}

func build() error {
	root, err := goTool("", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "transport/embedded", embedded.Dir)
	manifest, err := describe(root)
	if err != nil {
		return err
	}
	if manifest.upToDate(dir) {
		fmt.Println("the helpers are up to date")
		return nil
	}
	// Without a manifest gdeploy takes nothing of what lies here half done.
	if err := os.Remove(filepath.Join(dir, embedded.ManifestFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	manifest.Programs = map[string]embedded.Program{}
	for _, arch := range arches {
		if manifest.Programs[arch], err = compile(root, dir, arch, manifest.Packages); err != nil {
			return err
		}
	}
	content, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, embedded.ManifestFile), append(content, '\n'))
}

type manifest struct{ embedded.Manifest }

// describe says what the helpers would be built from now.
func describe(root string) (manifest, error) {
	m := manifest{embedded.Manifest{Modules: map[string]string{}, Go: runtime.Version()}}
	packages := map[string]bool{}
	for _, arch := range arches {
		const format = "{{with .Module}}{{.Path}} {{.Version}}{{end}} {{.ImportPath}}"
		list, err := goTool(arch, "list", "-C", root, "-deps", "-f", format, command)
		if err != nil {
			return m, err
		}
		for line := range strings.Lines(list) {
			words := strings.Fields(line)
			switch {
			case len(words) == 2 && words[0] == module:
				packages[strings.TrimPrefix(words[1], module+"/")] = true
			case len(words) == 3:
				m.Modules[words[0]] = words[1]
			}
		}
	}
	m.Packages = slices.Sorted(maps.Keys(packages))
	sum, err := embedded.Hash(os.DirFS(root), m.Packages)
	if err != nil {
		return m, err
	}
	m.Sources = sum
	if m.Build, err = embedded.Hash(os.DirFS(root), []string{itself}); err != nil {
		return m, err
	}
	return m, covered(root, m.Packages)
}

// covered wants every package that the helper links to be among the sources that gdeploy
// carries, or gdeploy could not tell which sources its helper is of.
func covered(root string, packages []string) error {
	var missing []string
	for _, dir := range packages {
		there, err := embedded.Hash(os.DirFS(root), []string{dir})
		if err != nil {
			return err
		}
		carried, err := embedded.Hash(gdeploy.HelperSources, []string{dir})
		if err != nil || carried != there {
			missing = append(missing, dir)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the helper links %s, which sources.go does not embed: add it there", strings.Join(missing, ", "))
	}
	return nil
}

// upToDate tells whether what lies in dir was built from the same.
func (m manifest) upToDate(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, embedded.ManifestFile))
	if err != nil {
		return false
	}
	var there embedded.Manifest
	if json.Unmarshal(content, &there) != nil {
		return false
	}
	for _, arch := range arches {
		if _, err := os.Stat(filepath.Join(dir, embedded.File(arch))); err != nil || there.Programs[arch].SHA256 == "" {
			return false
		}
	}
	there.Programs = nil
	return reflect.DeepEqual(there, m.Manifest)
}

// compile builds the helper for one platform and packs it into dir.
func compile(root, dir, arch string, packages []string) (embedded.Program, error) {
	content, err := link(root, arch, packages)
	if err != nil {
		return embedded.Program{}, err
	}
	limit := largest
	if short, err := withoutLines(content); err == nil {
		content = short
	} else {
		fmt.Fprintf(os.Stderr, "the helper for %s keeps its line numbers: %v\n", arch, err)
		limit += forLines
	}
	packed, by, err := pack(content)
	if err != nil {
		return embedded.Program{}, err
	}
	if len(packed) > limit+by.worse(limit) {
		return embedded.Program{}, fmt.Errorf("the helper for %s has grown to %d bytes, more than %d", arch, len(packed), limit+by.worse(limit))
	}
	fmt.Printf("helper for linux/%s: %d bytes, %d gzipped\n", arch, len(content), len(packed))
	sum := sha256.Sum256(content)
	program := embedded.Program{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}
	return program, replace(filepath.Join(dir, embedded.File(arch)), packed)
}

// largest is how many bytes a helper may have, compressed: each host gets it once for each
// version. Where it is reached, see what a module has brought in. forLines is what it may
// have more where its line numbers could not be taken out.
const (
	largest  = 2_000_000
	forLines = 300_000
)

// link builds the helper for one platform. Nothing is inlined, which makes it a tenth
// smaller.
func link(root, arch string, packages []string) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "gdeploy-helper")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	overlay, err := withoutHelp(root, scratch, packages)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(scratch, "helper")
	_, err = goTool(arch, "build", "-C", root, "-overlay", overlay, "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -buildid= -funcalign=16", "-gcflags=all=-l", "-o", file, command)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// replace writes a file beside the old one and renames it, unless it is the same.
func replace(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// goTool runs the go command, for another platform where arch is given.
func goTool(arch string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	if arch != "" {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}
