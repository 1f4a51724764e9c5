#pragma once

#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bulkhead_test {

/// A folder of its own, which is removed with all that is in it.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bulkhead-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    at_ = name;
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(at_, ignored);
  }
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return (at_ / name).string();
  }
  [[nodiscard]] const std::filesystem::path& root() const { return at_; }
  [[nodiscard]] bool empty() const { return std::filesystem::is_empty(at_); }

 private:
  std::filesystem::path at_;
};

}  // namespace bulkhead_test
