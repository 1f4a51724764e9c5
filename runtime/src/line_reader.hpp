#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <bulkhead/output_stream.hpp>
#include <memory>
#include <string>

#include "os/unique_fd.hpp"

namespace bulkhead::detail {

/// Reads what a process writes to one captured stream, and hands it over by the line.
/// @threads made anywhere; all else on the runtime's thread.
class line_reader : public std::enable_shared_from_this<line_reader> {
 public:
  struct source {
    std::string process;
    int stream = 1;
    bulkhead::stream::line_handler handler;
  };
  /// @limits pipe: the reading end, not blocking.
  line_reader(boost::asio::io_context& loop, boost::asio::any_io_executor user, os::unique_fd pipe,
              source from);

  void begin() { wait(); }
  /// Hands over all that is in the pipe now, and a line without an end. What processes that the
  /// writer left behind still write comes later.
  void drain();

 private:
  enum class got : std::uint8_t { something, nothing, end };
  void wait();
  got read();
  void split(std::size_t bytes);
  void hand_over(std::string text);

  boost::asio::posix::stream_descriptor pipe_;
  boost::asio::any_io_executor user_;
  source from_;
  std::string line_;  // begun, without its end
  std::array<char, 16 * 1024> room_{};
};

}  // namespace bulkhead::detail
