package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Source gives the password of a vault id.
type Source func(id string) (string, error)

// Ask puts a question to the operator and gives the answer, which is not shown.
type Ask func(question string) (string, error)

// Text is a source that knows the password.
func Text(password string) Source { return func(string) (string, error) { return password, nil } }

// Prompt is a source that asks.
func Prompt(ask Ask) Source {
	return func(id string) (string, error) {
		question := "Vault password: "
		if id != DefaultID {
			question = fmt.Sprintf("Vault password (%s): ", id)
		}
		text, err := ask(question)
		return checked([]byte(text), err)
	}
}

// File is a source that reads a file, or where that is executable, runs it. A script
// whose name ends in -client is told the vault id by --vault-id.
func File(path string) Source {
	return func(id string) (string, error) {
		path = expandHome(path)
		info, err := os.Stat(path)
		if err != nil {
			//lint:ignore ST1005 scripts look for this sentence
			return "", fmt.Errorf("The vault password file %s was not found: %w", path, err)
		}
		if info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return checked(runScript(path, id))
		}
		return checked(os.ReadFile(path))
	}
}

func runScript(path, id string) ([]byte, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var args []string
	name := filepath.Base(path)
	if strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "-client") {
		args = []string{"--vault-id", id}
	}
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = os.Stdin, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", path, err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

func checked(text []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(text))
	if password == "" {
		return "", errors.New("the password is empty")
	}
	return password, nil
}

// Parse reads what --vault-id takes: id@source or source, where the source is the path
// of a file or script, or prompt.
func Parse(text string, ask Ask) (id string, source Source) {
	id, from, ok := strings.Cut(text, "@")
	if !ok {
		id, from = DefaultID, text
	}
	if id == "" {
		id = DefaultID
	}
	if from == "prompt" || from == "prompt_ask_vault_pass" {
		return id, Prompt(ask)
	}
	return id, File(from)
}

func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
