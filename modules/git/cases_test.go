package git_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/git"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, git.Spec) }
