#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "process_context.hpp"

namespace bulkhead::detail {

class reattachment;

/// The other programs' trees that this process takes part in. Their ends are seen on the runtime's
/// thread, by their keepers' lines.
class attachments {
 public:
  /// @owns `loop` outlives it.
  explicit attachments(boost::asio::io_context& loop) : loop_(&loop) {}
  attachments(const attachments&) = delete;
  attachments& operator=(const attachments&) = delete;

  /// Joins the tree that publishes a queue at `path`, or finds that it has joined it before.
  /// @errors bulkhead::attach's.
  std::shared_ptr<queue_state> attach(process_context& home, const std::filesystem::path& path,
                                      std::uint64_t fingerprint, const std::string& type);
  /// Ends them all.
  void end_all(errc why) noexcept;

 private:
  std::vector<std::shared_ptr<process_context>> living();
  std::shared_ptr<process_context> join(process_context& home,
                                        const os::control::attach_reply& reply, os::channel line,
                                        std::shared_ptr<reattachment> way_back);
  std::shared_ptr<reattachment> way_back_of(const process_context& member);

  boost::asio::io_context* loop_;
  std::mutex mutex_;  // one program attaches once at a time
  std::mutex list_mutex_;
  struct joined {
    std::weak_ptr<process_context> context;
    std::shared_ptr<reattachment> way_back;
  };
  std::vector<joined> joined_;
};

}  // namespace bulkhead::detail
