package user_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/user"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, user.Spec) }
