package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// settings is what a node's configuration says; every field is a key of the file, in lower case.
type settings struct {
	Node     string // default: the host's name
	Listen   string // default: :8080
	Greeting string
	Colour   string
}

// readSettings reads key=value lines from common, which must exist, and then from node, which need not and wins.
func readSettings(common, node string) (settings, error) {
	host, _ := os.Hostname()
	s := settings{Node: host, Listen: ":8080", Greeting: "hello", Colour: "grey"}
	if err := s.read(common); err != nil {
		return s, err
	}
	if err := s.read(node); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	return s, nil
}

func (s *settings) read(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(content), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		field := s.field(strings.TrimSpace(key))
		if !ok || field == nil {
			return fmt.Errorf("%s:%d: %q is not one of node=, listen=, greeting=, colour=", path, i+1, line)
		}
		*field = strings.TrimSpace(value)
	}
	return nil
}

func (s *settings) field(key string) *string {
	return map[string]*string{"node": &s.Node, "listen": &s.Listen, "greeting": &s.Greeting, "colour": &s.Colour}[key]
}

// readRelease is the version that the deploy tool wrote into the release directory, read once, at the start.
func readRelease(root string) string {
	content, err := os.ReadFile(filepath.Join(root, "RELEASE"))
	if err != nil {
		return "unreleased"
	}
	return strings.TrimSpace(string(content))
}
