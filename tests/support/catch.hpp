#pragma once

// Catch2 2.13 is one header; Catch2 3 has many. Tests include this file and see the same macros.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
