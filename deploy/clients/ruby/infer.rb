# Asks half_plus_two for 0.5 x + 2 with binary tensors: ruby infer.rb [URL]
require "json"
require "net/http"

uri = URI("#{ARGV[0] || 'http://127.0.0.1:8501'}/v2/models/half_plus_two/infer")
data = [1, 2, 5].pack("e*") # floats of 32 bits, little-endian
head = JSON.generate(
  inputs: [{ name: "x", shape: [3], datatype: "FP32", parameters: { binary_data_size: data.bytesize } }],
  parameters: { binary_data_output: true }
)

request = Net::HTTP::Post.new(uri, "Inference-Header-Content-Length" => head.bytesize.to_s, "Content-Type" => "application/octet-stream")
request.body = head.b + data
response = Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
abort "#{response.code}: #{JSON.parse(response.body)['error']}" unless response.is_a?(Net::HTTPOK)

body = response.body.b
offset = response["Inference-Header-Content-Length"].to_i
JSON.parse(body[0, offset])["outputs"].each do |output|
  size = output["parameters"]["binary_data_size"]
  puts body[offset, size].unpack("e*").join(" ") if output["name"] == "y"
  offset += size
end
