import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App } from './app-type.ts';

/** OpenAPI 3.1, generated from the routes: the only source of what the API is. */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: '诊付 Zhenfu API',
        version: '1.0.0',
        description:
          '门诊扫码收费。金额单位为分（amount_fen），时间为 UTC。错误为 RFC 9457 problem，code 稳定。\n\n' +
          'QR payment for outpatient clinics. Amounts in fen, instants in UTC, errors as RFC 9457 problems with a stable `code`.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'npm run zhenfu -- api-key create' },
        },
      },
      security: [{ key: [] }],
      tags: [
        { name: 'bills', description: '账单' },
        { name: 'payments', description: '支付会话' },
        { name: 'prescriptions', description: '处方' },
        { name: 'refunds', description: '退款' },
        { name: 'suspense', description: '悬账' },
        { name: 'webhooks', description: '通知诊所系统' },
        { name: 'channels', description: '渠道通知' },
        { name: 'staff', description: '工作人员' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}
