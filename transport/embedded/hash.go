package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Hash is the SHA-256 over names and contents of the packages' Go files, tests left out.
// Packages are directories of the module.
func Hash(sources fs.FS, packages []string) (string, error) {
	sum := sha256.New()
	for _, dir := range slices.Sorted(slices.Values(packages)) {
		names, err := fs.Glob(sources, path.Join(dir, "*.go"))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			content, err := fs.ReadFile(sources, name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "%s %d\n", name, len(content))
			sum.Write(content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
