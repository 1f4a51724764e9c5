#include <bulkhead/version.hpp>

#include "support/catch.hpp"

TEST_CASE("the linked library is of the version of its headers", "[runtime][unit]") {
  CHECK(bulkhead::library_version() == bulkhead::header_version);
}
