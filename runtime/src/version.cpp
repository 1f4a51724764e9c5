#include <bulkhead/version.hpp>

namespace bulkhead {

version_number library_version() noexcept { return header_version; }

}  // namespace bulkhead
