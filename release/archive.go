package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/values/record"
)

// Archiving is a release to be kept on the controller, in a directory <app>_<version> of
// its own: the code as one archive, its manifest, the configuration of that moment, and
// release.json, which says what it is.
type Archiving struct {
	App, Version string
	// Dest is the directory of all archived releases.
	Dest string
	// Source is a tree to be packed; Archive a ready archive to be taken as it is.
	Source, Archive string
	// Exclude are shell patterns of names, or of paths below Source, that stay out.
	Exclude []string
	// Samples are shell patterns of samples of the configuration, which are kept beside the code
	// and are no part of it.
	Samples []string
	// Config is the configuration's directory, copied whole; a missing one is empty.
	Config        string
	Environment   string
	Revision, Ref string
	// ConfigRevision is what the configuration was fetched at, where it has a project of its own.
	ConfigRevision string
	// Compression is the archive's, where Source is packed; gzip where it is not given.
	Compression archives.Compression
}

// Archived is what release.json says of an archived release.
type Archived struct {
	App         string `json:"app"`
	Version     string `json:"version"`
	Environment string `json:"environment,omitempty"`
	Revision    string `json:"revision,omitempty"`
	Ref         string `json:"ref,omitempty"`
	// ConfigRevision is the configuration's, where it has a project of its own.
	ConfigRevision string    `json:"config_revision,omitempty"`
	Who            string    `json:"who"`
	Run            string    `json:"run"`
	Born           time.Time `json:"born"`
	// File is the code archive's name in the directory, SHA256 its digest.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	// UnpackedSize is how many bytes the code's files take; Content and Config are the
	// digests of the manifests of code and configuration.
	UnpackedSize int64  `json:"unpacked_size"`
	Content      string `json:"content"`
	Config       string `json:"config"`
}

// ArchiveDir is the directory of one archived release.
func ArchiveDir(dest, app, version string) string { return path.Join(dest, app+"_"+version) }

// The files of an archived release.
const (
	manifestFile = "MANIFEST"
	metaFile     = "release.json"
	configDir    = "config"
)

// Archive packs a release. One that is there with the same content is left; the same name
// with other content is refused.
func Archive(ctx context.Context, sys modules.System, a Archiving) (Archived, error) {
	if err := errors.Join(CheckName("app", a.App), checkNew(a.Version)); err != nil {
		return Archived{}, err
	}
	if a.Compression.To == nil {
		a.Compression = archives.Gzip
	}
	config, err := scanConfig(sys, a.Config)
	if err != nil {
		return Archived{}, fmt.Errorf("read the configuration: %w", err)
	}
	dir := ArchiveDir(a.Dest, a.App, a.Version)
	there, err := ReadArchived(sys, dir)
	if err == nil {
		return there, same(ctx, sys, a, there, config)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Archived{}, err
	}
	return pack(ctx, sys, a, config)
}

// same refuses an archived release that was made of something else.
func same(ctx context.Context, sys modules.System, a Archiving, there Archived, config Manifest) error {
	content, err := a.content(ctx, sys)
	if err != nil {
		return err
	}
	if content.Digest() == there.Content && config.Digest() == there.Config {
		return nil
	}
	return fmt.Errorf("release %s is archived already with other content: a version never changes; choose another release_name, or deploy the archived one with -e version=%s", a.Version, a.Version)
}

// content is the manifest of the code.
func (a Archiving) content(ctx context.Context, sys modules.System) (Manifest, error) {
	p := packer{ctx: ctx, sys: sys, a: a, manifest: Manifest{}}
	if a.Archive != "" {
		return p.manifest, p.readReady()
	}
	return p.manifest, p.walk("")
}

// ReadArchived reads what is known of an archived release.
func ReadArchived(sys modules.Reader, dir string) (Archived, error) {
	text, err := readFile(sys, path.Join(dir, metaFile))
	if err != nil {
		return Archived{}, err
	}
	var a Archived
	if err := record.Decode(text, &a); err != nil {
		return Archived{}, fmt.Errorf("%s is damaged: %w", path.Join(dir, metaFile), err)
	}
	return a, nil
}

// VerifyArchived compares an archived release with what release.json says of it. A node would refuse a damaged one, but could
// not tell that it is the controller's.
func VerifyArchived(sys modules.Reader, dir string, a Archived) error {
	name := path.Join(dir, a.File)
	sum, err := fileDigest(sys, name)
	if err != nil {
		return fmt.Errorf("verify release %s: %w", a.Version, err)
	}
	if sum != a.SHA256 {
		return fmt.Errorf("the archive %s is damaged: its sha256 is %s, and %s says %s: bring it back from a copy, or build the release anew under another name", name, sum, path.Join(dir, metaFile), a.SHA256)
	}
	config, err := scanIfThere(sys, path.Join(dir, configDir))
	if err != nil {
		return fmt.Errorf("verify release %s: %w", a.Version, err)
	}
	if config.Digest() != a.Config {
		return fmt.Errorf("the configuration in %s is not that of release %s: somebody changed it there; bring it back from a copy, or deploy a new release with today's", path.Join(dir, configDir), a.Version)
	}
	return nil
}

// ListArchived gives an application's archived releases, oldest first; what is no release
// is passed over.
func ListArchived(sys modules.Reader, dest, app string) ([]Archived, error) {
	entries, err := sys.ReadDir(dest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for archived releases: %w", err)
	}
	var list []Archived
	for _, e := range entries {
		a, err := ReadArchived(sys, e.Path)
		if err == nil && a.App == app && path.Base(e.Path) == app+"_"+a.Version { // not one that is half packed
			list = append(list, a)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Born.Before(list[j].Born) })
	return list, nil
}

// Versions gives what archives tell as nodes tell it of their releases.
func Versions(archived []Archived) []NodeRelease {
	list := make([]NodeRelease, len(archived))
	for i, a := range archived {
		list[i] = NodeRelease{Version: a.Version, Revision: a.Revision, Ref: a.Ref, Who: a.Who, Born: a.Born}
	}
	return list
}

// PruneArchived removes archived releases until keep are left, never one of protect or one
// that Use noted for any node.
func PruneArchived(sys modules.System, dest, app string, keep int, protect []string) ([]string, error) {
	list, err := ListArchived(sys, dest, app)
	if err != nil {
		return nil, err
	}
	used, err := inUse(sys, dest, app)
	if err != nil {
		return nil, err
	}
	protect = slices.Concat(protect, used)
	var removed []string
	for _, a := range list {
		if len(list)-len(removed) <= keep {
			break
		}
		if slices.Contains(protect, a.Version) {
			continue
		}
		if err := removeArchived(sys, ArchiveDir(dest, app, a.Version)); err != nil {
			return removed, err
		}
		removed = append(removed, a.Version)
	}
	return removed, clearPacking(sys, dest, app)
}

// clearPacking removes what packings and prunes left that were cut off a day ago or earlier: no
// name tells whether it is this application's or under way.
func clearPacking(sys modules.System, dest, app string) error {
	entries, err := sys.ReadDir(dest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		base := path.Base(e.Path)
		if !strings.HasPrefix(base, app+"_") || !strings.Contains(base, packing) && !strings.Contains(base, removing) || sys.Now().Sub(e.ModTime) <= abandoned {
			continue
		}
		err = errors.Join(err, sys.Remove(e.Path))
	}
	return err
}

// removeArchived moves it away first: half of one must not be taken for a whole one.
func removeArchived(sys modules.System, dir string) error {
	gone := dir + removing + sys.Run().ID
	if err := sys.Rename(dir, gone); err != nil {
		return err
	}
	return sys.Remove(gone)
}

// scanConfig makes the manifest of a configuration's directory, which may be a working copy.
func scanConfig(sys modules.Reader, dir string) (Manifest, error) {
	m := Manifest{}
	if dir == "" {
		return m, nil
	}
	err := scanBelow(sys, dir, "", m, ofVersionControl)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil
	}
	return m, err
}

// ofVersionControl tells of names that never are part of a release.
func ofVersionControl(base string) bool { return base == ".git" || base == ".svn" }

func scanIfThere(sys modules.Reader, dir string) (Manifest, error) {
	if dir == "" {
		return Manifest{}, nil
	}
	m, err := Scan(sys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil
	}
	return m, err
}

func pack(ctx context.Context, sys modules.System, a Archiving, config Manifest) (Archived, error) {
	run := sys.Run()
	meta := Archived{
		App: a.App, Version: a.Version, Environment: a.Environment, Revision: a.Revision, Ref: a.Ref, ConfigRevision: a.ConfigRevision,
		Who: run.Who, Run: run.ID, Born: run.Started, Config: config.Digest(), File: a.fileName(),
	}
	dir := ArchiveDir(a.Dest, a.App, a.Version)
	tmp := dir + packing + run.ID
	p := packer{ctx: ctx, sys: sys, a: a, manifest: Manifest{}}
	if err := p.look(); err != nil { // so that a dry run tells too
		return Archived{}, fmt.Errorf("pack release %s: %w", a.Version, err)
	}
	fill := func(to modules.Below) error {
		p.to = to
		return p.all(&meta, config)
	}
	if err := sys.WriteTree(tmp, fill); err != nil {
		return Archived{}, errors.Join(fmt.Errorf("pack release %s: %w", a.Version, err), sys.Remove(tmp))
	}
	return meta, sys.Rename(tmp, dir)
}

// fileName keeps the ending of a ready archive.
func (a Archiving) fileName() string {
	if a.Archive == "" {
		return "code" + a.Compression.Ending
	}
	for _, ending := range []string{".tar", ".tar.zst", ".tar.bz2", ".tbz2", ".zip", ".war", ".jar"} {
		if strings.HasSuffix(a.Archive, ending) {
			return "code" + ending
		}
	}
	return "code.tar.gz"
}
