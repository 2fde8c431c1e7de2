package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the release build; otherwise the module's version counts.
var version = ""

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell which gdeploy this is",
		Long:  "Tells the version of gdeploy, of Go, and for which platform it was built." + exits(exitFine, exitOptions),
		Args:  arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("gdeploy %s (%s, %s/%s); plays what ansible-core 2.14 plays, as docs/ansible.md tells\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// versionBlock tells what this is and where it looks, in the form of ansible --version.
func (s *session) versionBlock() string {
	config := s.settings.ansible
	if config == "" {
		config = s.settings.file
	}
	if config == "" {
		config = "None"
	}
	program, _ := os.Executable()
	return fmt.Sprintf(`gdeploy %s
  config file = %s
  configured module search path = %s
  collection location = %s
  executable location = %s
  go version = %s %s/%s
`, versionText(), config, listed(s.settings.Library), strings.Join(s.settings.CollectionsPath, ":"), program, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func listed(paths []string) string {
	quoted := make([]string, len(paths))
	for i, p := range paths {
		quoted[i] = "'" + p + "'"
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
