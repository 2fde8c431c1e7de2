// Package embedded carries the helper's program for each platform inside gdeploy.
//
// The programs are built by `make helpers` and are not kept in the repository. Beside
// them lies a manifest that says from which sources they were built: gdeploy knows its
// own sources and refuses helpers of others.
package embedded

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"sync"

	"github.com/gdeploy/gdeploy"
)

// Program is the helper's program for one platform.
type Program struct {
	// SHA256 is that of the program itself, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Size is the program's, in bytes.
	Size int64 `json:"size"`
	// Gzip is the compressed program.
	Gzip []byte `json:"-"`
}

// Open reads the program itself.
func (p Program) Open() (io.Reader, error) {
	r, err := gzip.NewReader(bytes.NewReader(p.Gzip))
	if err != nil {
		return nil, fmt.Errorf("unpack the helper: %w", err)
	}
	return r, nil
}

// Manifest says what the helpers were built from.
type Manifest struct {
	// Sources is the hash of the sources of Packages, see Hash.
	Sources string `json:"sources"`
	// Packages are the directories of gdeploy's own packages that the helper links.
	Packages []string `json:"packages"`
	// Modules are the versions of the other modules that it links, by path.
	Modules map[string]string `json:"modules"`
	// Go is the version of Go that built it.
	Go string `json:"go"`
	// Build is the hash of the program that builds and packs them.
	Build string `json:"build"`
	// Programs are the helpers by GOARCH.
	Programs map[string]Program `json:"programs"`
}

const (
	// Dir is where the helpers lie, below this package.
	Dir = "helpers"
	// ManifestFile is the name of the manifest there.
	ManifestFile = "manifest.json"
)

// File is the name of the helper for a GOARCH.
func File(arch string) string { return "helper-linux-" + arch + ".gz" }

//go:embed helpers
var carried embed.FS

// Source gives the helpers that gdeploy carries; where it carries none, itself.
type Source struct{}

// Programs gives the helpers by GOARCH; all are for Linux.
func (Source) Programs() (map[string]Program, error) { return programs() }

var programs = sync.OnceValues(func() (map[string]Program, error) {
	found, err := read(carried, gdeploy.HelperSources, linked())
	if errors.Is(err, fs.ErrNotExist) {
		return itself()
	}
	return found, err
})

// read gives the helpers in files, if they were built from these sources and modules.
func read(files, sources fs.FS, modules map[string]string) (map[string]Program, error) {
	content, err := fs.ReadFile(files, Dir+"/"+ManifestFile)
	if err != nil {
		return nil, err
	}
	var manifest Manifest
	if err := json.Unmarshal(content, &manifest); err != nil {
		return nil, fmt.Errorf("read the helpers' manifest: %w", err)
	}
	if err := manifest.check(sources, modules); err != nil {
		return nil, err
	}
	for arch, program := range manifest.Programs {
		if program.Gzip, err = fs.ReadFile(files, Dir+"/"+File(arch)); err != nil {
			return nil, err
		}
		manifest.Programs[arch] = program
	}
	return manifest.Programs, nil
}

// check refuses helpers that were built from something else than gdeploy itself.
func (m Manifest) check(sources fs.FS, modules map[string]string) error {
	sum, err := Hash(sources, m.Packages)
	if err != nil {
		return fmt.Errorf("hash the helper's sources: %w", err)
	}
	if sum != m.Sources {
		return errors.New("the helper inside gdeploy was built from other sources than gdeploy; run `make build`")
	}
	for path, version := range m.Modules {
		if got, known := modules[path]; known && got != version {
			return fmt.Errorf("the helper inside gdeploy was built with %s %s, gdeploy with %s; run `make build`", path, version, got)
		}
	}
	return nil
}

// linked gives the versions of the modules that are linked into this program.
func linked() map[string]string {
	modules := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return modules
	}
	for _, module := range info.Deps {
		modules[module.Path] = module.Version
	}
	return modules
}
