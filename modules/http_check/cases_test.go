package http_check_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/http_check"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, http_check.Spec) }
