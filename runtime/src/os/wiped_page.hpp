#pragma once

#include <cstddef>

namespace bulkhead::os {

/// A page that forked copies of the process find empty.
class wiped_page {
 public:
  /// @errors std::system_error.
  wiped_page();
  wiped_page(const wiped_page&) = delete;
  wiped_page& operator=(const wiped_page&) = delete;
  ~wiped_page();

  static constexpr std::size_t bytes = 4096;
  [[nodiscard]] void* data() const noexcept { return page_; }

 private:
  void* page_;
};

}  // namespace bulkhead::os
