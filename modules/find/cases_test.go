package find_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/find"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, find.Spec) }
