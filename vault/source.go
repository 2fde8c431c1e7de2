package vault

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
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

// Prompt is a source that asks. label stands behind the question; empty is none.
func Prompt(ask Ask, label string) Source {
	return func(string) (string, error) {
		if label == "" {
			return checked(ask("Vault password: "))
		}
		return checked(ask("Vault password (" + label + "): "))
	}
}

// NewPrompt is a source that asks twice for a password that is not in use yet.
func NewPrompt(ask Ask, label string) Source {
	first, again := "New Vault password: ", "Confirm New Vault password: "
	if label != "" {
		first, again = "New vault password ("+label+"): ", "Confirm new vault password ("+label+"): "
	}
	return func(string) (string, error) {
		text, err := checked(ask(first))
		if err != nil {
			return "", err
		}
		if repeated, err := checked(ask(again)); err != nil || repeated != text {
			//lint:ignore ST1005 scripts look for this sentence
			return "", cmp.Or(err, errors.New("Passwords do not match"))
		}
		return text, nil
	}
}

// File is a source that reads a file, or where that is executable, runs it. A script
// whose name ends in -client is told the vault id by --vault-id.
func File(path string) Source {
	return func(id string) (string, error) {
		path = expandHome(path)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			//lint:ignore ST1005 scripts look for this sentence
			return "", fmt.Errorf("The vault password file %s was not found", path)
		case err != nil:
			return "", fmt.Errorf("read the vault password file %s: %w", path, errors.Unwrap(err))
		case info.Mode().IsRegular() && info.Mode()&0o111 != 0:
			text, err := runScript(path, id)
			return fromFile("script", path, text, err)
		}
		text, err := os.ReadFile(path)
		return fromFile("file", path, text, err)
	}
}

func runScript(path, id string) ([]byte, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if name := filepath.Base(path); strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "-client") {
		return runClient(path, id)
	}
	cmd := exec.Command(path)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, fmt.Errorf("Vault password script %s returned non-zero (%d)", path, exit.ExitCode())
	}
	return out, notRun(path, err)
}

// noSuchSecret is the exit code by which a client script says that it knows no such vault id.
const noSuchSecret = 2

func runClient(path, id string) ([]byte, error) {
	cmd := exec.Command(path, "--vault-id", id)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = os.Stdin, &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return out, notRun(path, err)
	}
	said := strings.TrimSpace(stderr.String())
	if exit.ExitCode() == noSuchSecret {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, fmt.Errorf("Vault password client script %s did not find a secret for vault-id=%s: %s", path, id, said)
	}
	//lint:ignore ST1005 scripts look for this sentence
	return nil, fmt.Errorf("Vault password client script %s returned non-zero (%d) when getting secret for vault-id=%s: %s", path, exit.ExitCode(), id, said)
}

func notRun(path string, err error) error {
	if err == nil {
		return nil
	}
	//lint:ignore ST1005 scripts look for this sentence
	return fmt.Errorf("Problem running vault password script %s (%w). If this is not a script, remove the executable bit from the file", path, err)
}

func fromFile(kind, path string, text []byte, err error) (string, error) {
	if err == nil && IsEncrypted(text) {
		return "", fmt.Errorf("the vault password %s %s gives an encrypted text in place of a password: decrypt it first", kind, path)
	}
	password, err := checked(string(text), err)
	if errors.Is(err, errEmpty) {
		//lint:ignore ST1005 scripts look for this sentence
		return "", fmt.Errorf("Invalid vault password was provided from %s (%s)", kind, path)
	}
	return password, err
}

//lint:ignore ST1005 scripts look for this sentence
var errEmpty = errors.New("Invalid vault password was provided")

func checked(text string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(text)
	if password == "" {
		return "", errEmpty
	}
	return password, nil
}

// Asker makes a source that asks, such as Prompt.
type Asker func(ask Ask, label string) Source

// Parse reads what --vault-id takes: id@source or source, where the source is the path
// of a file or script, or prompt.
func Parse(text string, ask Ask, prompt Asker) (id string, source Source) {
	id, from, ok := strings.Cut(text, "@")
	if !ok {
		id, from = DefaultID, text
	}
	if id == "" {
		id = DefaultID
	}
	switch from {
	case "prompt":
		return id, prompt(ask, id)
	case "prompt_ask_vault_pass":
		return id, prompt(ask, "")
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
