#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "os/keeper_link.hpp"

namespace bulkhead::detail {

/// How a program that attached finds the next keeper of the publisher's tree when the one it talked
/// to was killed: it connects again where it attached, and says who it was there. The name is the
/// publisher's all the while, since its host keeps the socket.
/// @threads any.
class reattachment final : public os::line_source {
 public:
  reattachment(std::uint64_t tree, std::uint32_t serial) : known_{tree, serial} {}

  /// Another queue of the tree, attached to at `path`.
  void add(std::string path, std::uint64_t fingerprint, std::string type);

  /// @errors bulkhead::error errc::owner_gone: nobody there, or somebody else.
  os::channel next() override;

 private:
  struct door {
    std::string path;
    std::uint64_t fingerprint = 0;
    std::string type;
  };
  [[nodiscard]] bool knock(const door& at, os::channel& line) const;

  os::control::membership known_;
  std::mutex mutex_;
  std::vector<door> doors_;
};

}  // namespace bulkhead::detail
