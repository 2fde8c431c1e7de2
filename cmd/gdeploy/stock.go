package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks/stock"
)

// findPlaybook gives the file of a playbook that was named on the command line: in the
// working directory, in its playbooks/, or one of those that gdeploy ships.
func findPlaybook(name string) (string, error) {
	for _, place := range []string{name, filepath.Join("playbooks", name)} {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if _, err := fs.Stat(stock.Files, name); err != nil || strings.Contains(name, "/") {
		return "", notParsed(fmt.Errorf("the playbook: %s could not be found, neither here nor in playbooks/, and gdeploy ships none of that name (it ships bootstrap.yml, deploy.yml, rollback.yml)", name))
	}
	dir, err := unpackStock()
	return filepath.Join(dir, name), err
}

// unpackStock writes the shipped playbooks below the user's cache directory, once per
// content, so that they are files like any others. Whoever wants to change them takes
// those that gdeploy init writes.
func unpackStock() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("unpack the shipped playbooks: %w", err)
	}
	digest, err := digestOf(stock.Files)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "gdeploy", "stock-"+digest[:12])
	if there, err := digestOf(os.DirFS(dir)); err == nil && there == digest {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil { // somebody changed it
		return "", fmt.Errorf("unpack the shipped playbooks: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", fmt.Errorf("unpack the shipped playbooks: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "stock-*.tmp")
	if err != nil {
		return "", fmt.Errorf("unpack the shipped playbooks: %w", err)
	}
	if err := os.CopyFS(tmp, stock.Files); err != nil {
		return "", errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, dir); err != nil {
		os.RemoveAll(tmp)
		if _, there := os.Stat(dir); there == nil { // another run was quicker
			return dir, nil
		}
		return "", fmt.Errorf("unpack the shipped playbooks: %w", err)
	}
	return dir, nil
}

func digestOf(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}
