// What nearly every source reads, precompiled. Sources name what they use all the same.
#pragma once

#include "base/json.hpp"
#include "base/libraries.hpp"
