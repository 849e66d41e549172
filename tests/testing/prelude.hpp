// What nearly every test reads, precompiled.
#pragma once

#include <gtest/gtest.h>

#include "base/prelude.hpp"
