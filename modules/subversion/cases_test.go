package subversion_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/subversion"
)

func TestCases(t *testing.T) { moduletest.Run(t, subversion.Spec) }
