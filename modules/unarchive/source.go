package unarchive

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

var private = fs.FileMode(0o600)

// fetch puts the controller's archive into a temporary place: it is read twice, and a zip
// not from beginning to end.
func fetch(ctx context.Context, sys modules.System, b modules.Blob) (string, error) {
	dir, err := sys.TempDir()
	if err != nil {
		return "", err
	}
	content, err := sys.OpenBlob(ctx, b)
	if err != nil {
		return "", err
	}
	defer content.Close()
	name := path.Join(dir, "archive")
	return name, sys.WriteFile(name, content, modules.Attributes{Mode: &private})
}

// unxz lets the host's xz decompress an archive, into a temporary place.
func unxz(ctx context.Context, sys modules.System, name string) (string, error) {
	program, err := sys.LookPath("xz")
	if err != nil {
		return "", fmt.Errorf("an archive of xz needs the program xz, which the host has not: install it, or pack with gzip or zstd")
	}
	dir, err := sys.TempDir()
	if err != nil {
		return "", err
	}
	packed, err := sys.Open(name)
	if err != nil {
		return "", err
	}
	defer packed.Close()
	plain := path.Join(dir, "archive.tar")
	if err := sys.WriteFile(plain+".xz", packed, modules.Attributes{Mode: &private}); err != nil {
		return "", err
	}
	_, err = modules.Query(ctx, sys, modules.Command{Argv: []string{program, "-d", "-q", plain + ".xz"}})
	return plain, err
}

// options are those of extra_opts.
type options struct {
	// strip is how many leading directories of names are dropped.
	strip int
	// ownerless leaves the owners that the archive names.
	ownerless bool
}

// parseOptions reads the options of tar and unzip that are known here.
func parseOptions(list []string) (o options, err error) {
	for i := 0; i < len(list); i++ {
		name, value, ok := strings.Cut(strings.TrimSpace(list[i]), "=")
		switch name {
		case "--strip-components", "--strip":
			if !ok && i+1 < len(list) {
				i++
				value = list[i]
			}
			if o.strip, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || o.strip < 0 {
				return o, modules.Invalid("extra_opts: %s wants a number, not %q", name, value)
			}
		case "--no-same-owner":
			o.ownerless = true
		case "--same-owner", "-o", "":
		default:
			return o, modules.Invalid("extra_opts: gdeploy unpacks by itself and knows no %s; there is --strip-components=N, --no-same-owner, and the parameters exclude, include and keep_newer", list[i])
		}
	}
	return o, nil
}

// stripped is the name without its leading directories; not ok where nothing is left.
func (o options) stripped(name string) (string, bool) {
	parts := strings.Split(name, "/")
	if len(parts) <= o.strip {
		return "", false
	}
	return strings.Join(parts[o.strip:], "/"), true
}
