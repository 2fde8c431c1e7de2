package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// help is the part of a parameter's tag that only people read, by way of gdeploy doc. A
// helper on a host shows nobody anything.
var help = regexp.MustCompile(` ?\bhelp:"(?:[^"\\]|\\.)*"`)

// withoutHelp writes the packages' files that have parameters into dir, without the help in
// their tags, and beside them a file for go build -overlay, whose path it gives.
func withoutHelp(root, dir string, packages []string) (string, error) {
	replaced := map[string]string{}
	for _, p := range packages {
		files, err := filepath.Glob(filepath.Join(root, p, "*.go"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			short := help.ReplaceAllString(string(content), "")
			if strings.HasSuffix(file, "_test.go") || short == string(content) {
				continue
			}
			copied := filepath.Join(dir, fmt.Sprintf("%d.go", len(replaced)))
			if err := os.WriteFile(copied, []byte(short), 0o600); err != nil {
				return "", err
			}
			replaced[file] = copied
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, content, 0o600)
}
