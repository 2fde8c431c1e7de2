package compare

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// LayOut writes the files of a case into a directory, all but those without. One that begins
// with #! may be run.
func LayOut(dir string, files []txtar.File, without ...string) error {
	for _, f := range files {
		if slices.Contains(without, f.Name) {
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(string(f.Data), "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, f.Data, mode); err != nil {
			return err
		}
	}
	return nil
}

// ExitCode is how a command ended that Run of exec.Cmd tells of; the error is for one that did not run.
func ExitCode(ran error) (int, error) {
	if failed, ok := errors.AsType[*exec.ExitError](ran); ok {
		return failed.ExitCode(), nil
	}
	return 0, ran
}
