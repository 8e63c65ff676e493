// Asks half_plus_two for 0.5 x + 2 with binary tensors: dotnet run [URL]
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;

var url = args.Length > 0 ? args[0] : "http://127.0.0.1:8501";
float[] x = [1, 2, 5];
var data = MemoryMarshal.AsBytes<float>(x).ToArray(); // little-endian, as all machines that .NET runs on
var head = JsonSerializer.SerializeToUtf8Bytes(new
{
    inputs = new[] { new { name = "x", shape = new[] { x.Length }, datatype = "FP32", parameters = new { binary_data_size = data.Length } } },
    parameters = new { binary_data_output = true },
});

using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
using var content = new ByteArrayContent([.. head, .. data]);
content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
content.Headers.Add("Inference-Header-Content-Length", head.Length.ToString(CultureInfo.InvariantCulture));
using var response = await client.PostAsync($"{url}/v2/models/half_plus_two/infer", content);
var body = await response.Content.ReadAsByteArrayAsync();
if (!response.IsSuccessStatusCode)
{
    Console.Error.WriteLine($"{(int)response.StatusCode}: {JsonDocument.Parse(body).RootElement.GetProperty("error").GetString()}");
    return 1;
}

var offset = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").First(), CultureInfo.InvariantCulture);
using var result = JsonDocument.Parse(body.AsMemory(0, offset));
foreach (var output in result.RootElement.GetProperty("outputs").EnumerateArray())
{
    var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
    if (output.GetProperty("name").GetString() == "y")
    {
        var y = MemoryMarshal.Cast<byte, float>(body.AsSpan(offset, size)).ToArray();
        Console.WriteLine(string.Join(" ", y.Select(value => value.ToString("F1", CultureInfo.InvariantCulture))));
    }
    offset += size;
}
return 0;
