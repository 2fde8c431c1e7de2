package script_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/script"
)

func TestCases(t *testing.T) { moduletest.Run(t, script.Spec) }
